"""What `python -m simdnorm` and the tests share: cases, what each operation should give, and how exactly."""
