"""NIST's Statistical Reference Datasets (StRD) for univariate statistics, with the digits that NIST certifies.

Four of them lie in data/, five are made by their rule; test_nist checks in exact arithmetic that they are right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Reference:
    """One set. The deviation divides by n - 1; the autocorrelation, of neighbours, tells the order of the values."""

    name: str
    mean: Decimal
    deviation: Decimal
    autocorrelation: Decimal
    make: Callable[[], list[Decimal]]

    @cached_property
    def values(self) -> list[Decimal]:
        return self.make()

    @property
    def largest(self) -> float:
        return float(max(map(abs, self.values)))


def _from_file(name: str) -> list[Decimal]:
    lines = (DATA / f"{name.lower()}.txt").read_text().splitlines()
    return [Decimal(value) for line in lines if not line.startswith("#") for value in line.split()]


def _alternating(mean: str) -> list[Decimal]:
    """The mean, and then a tenth below and above it, 500 times in turn."""
    step = Decimal("0.1")
    return [Decimal(mean), *[Decimal(mean) - step, Decimal(mean) + step] * 500]


def _pi_digits(count: int) -> list[Decimal]:
    """The first digits of pi = 16 atan(1/5) - 4 atan(1/239)."""
    one = 10 ** (count + 10)  # ten digits more, for what the divisions lose

    def inverse_tangent(n: int) -> int:
        power, total, divisor = one // n, 0, 1
        while power:
            total += power // divisor
            power, divisor = power // -(n * n), divisor + 2
        return total

    pi = 16 * inverse_tangent(5) - 4 * inverse_tangent(239)
    return [Decimal(digit) for digit in Decimal(pi).as_tuple().digits[:count]]


def _pi_digits_of_nist() -> list[Decimal]:
    """NIST's set has a 3 where the 957th digit of pi is an 8; all that it certifies is of that."""
    digits = _pi_digits(5000)
    assert digits[956] == 8
    return [*digits[:956], Decimal(3), *digits[957:]]


def _set(name: str, mean: str, deviation: str, autocorrelation: str, make: Callable[[], list[Decimal]]) -> Reference:
    return Reference(name, Decimal(mean), Decimal(deviation), Decimal(autocorrelation), make)


SETS = (
    _set("Lew", "-177.435000000000", "277.332168044316", "-0.307304800605679", partial(_from_file, "Lew")),
    _set("Lottery", "518.958715596330", "291.699727470969", "-0.120948622967393", partial(_from_file, "Lottery")),
    _set("Mavro", "2.00185600000000", "0.000429123454003053", "0.937989183438248", partial(_from_file, "Mavro")),
    _set("Michelson", "299.852400000000", "0.0790105478190518", "0.535199668621283", partial(_from_file, "Michelson")),
    _set("PiDigits", "4.53480000000000", "2.86733906028871", "-0.00355099287237972", _pi_digits_of_nist),
    _set("NumAcc1", "10000002", "1", "-0.5", lambda: [Decimal(10_000_000 + i) for i in (1, 3, 2)]),
    _set("NumAcc2", "1.2", "0.1", "-0.999", partial(_alternating, "1.2")),
    _set("NumAcc3", "1000000.2", "0.1", "-0.999", partial(_alternating, "1000000.2")),
    _set("NumAcc4", "10000000.2", "0.1", "-0.999", partial(_alternating, "10000000.2")),
)
