"""What cannot be asked of everybody in one way: a program for each library, run in an interpreter of its own.

Its answer is what it prints, the kind of error that it ends with, or the signal.
"""

import os
import signal
import subprocess
import sys
from functools import partial

SECONDS = 300
OURS = "import numpy as np, simdnorm as sn; f = np.float32\n"
TORCH = "import torch; F = torch.nn.functional\n"

FORK = """
import os, signal, sys
call()
child = os.fork()
if child == 0:
    signal.alarm(10)
    call()
    os._exit(0)
print("the child hangs" if os.waitpid(child, 0)[1] else "the child answers")
"""

PROGRAMS = {
    ("empty running_var", "simdnorm"): """
x = np.ones((10, 8), f)
sn.batch_norm_forward(x, None, None, np.zeros(8, f), np.ones(0, f))
""",
    ("empty running_var", "PyTorch"): """
ones, zeros = torch.ones(8), torch.zeros(8)
torch.native_batch_norm(torch.randn(10, 8), ones, zeros, zeros, torch.ones(0), True, 0.1, 1e-5)
""",
    ("empty batch", "simdnorm"): """
mean, var = np.zeros(5, f), np.ones(5, f)
try:
    sn.batch_norm_forward(np.ones((0, 5, 9), f), None, None, mean, var)
finally:
    print("running_mean is", mean[0])
""",
    ("empty batch", "PyTorch"): """
norm = torch.nn.BatchNorm1d(5)
norm(torch.ones(0, 5, 9))
print("running_mean is", norm.running_mean[0].item())
""",
    ("one value", "simdnorm"): "sn.instance_norm(np.ones((1, 10, 1), f))",
    ("one value", "PyTorch"): "print(F.instance_norm(torch.rand(1, 10, 1)).abs().max().item())",
    ("many values", "simdnorm"): """
x = np.zeros((2**31 + 5, 1), np.float16)
x[-1] = 1
count, mean, m2 = sn.batch_norm_stats(x)
errors = abs(mean * len(x) - 1), abs(m2 - 1)  # of float32, as 16 bits are computed
print("right" if count == len(x) and max(errors) < 4 * 2**-24 else "wrong")
""",
    ("one parameter", "simdnorm"): """
x, w = np.random.default_rng(0).normal(size=(2, 4, 100)).astype(f)
o, z = np.ones(100, f), np.zeros(100, f)
pairs = [((w[0], None), (w[0], z)), ((None, w[0]), (o, w[0]))]
same = [np.array_equal(sn.layer_norm(x, 100, *one), sn.layer_norm(x, 100, *both)) for one, both in pairs]
print("right" if all(same) else "wrong")
""",
    ("one parameter", "PyTorch"): """
x, w = torch.randn(4, 100), torch.randn(100)
o, z = torch.ones(100), torch.zeros(100)
pairs = [((w, None), (w, z)), ((None, w), (o, w))]
same = [torch.allclose(F.layer_norm(x, (100,), *one), F.layer_norm(x, (100,), *both)) for one, both in pairs]
print("right" if all(same) else "wrong")
""",
    ("parameter dtype", "simdnorm"): "sn.layer_norm(np.ones((4, 8), f), 8, np.ones(8, np.float16))",
    ("parameter dtype", "PyTorch"): "F.layer_norm(torch.ones(4, 8), (8,), torch.ones(8, dtype=torch.float16))",
    ("fork", "simdnorm"): """
sn.set_num_threads(2)
x = np.ones((4096, 768), f)
def call(): sn.layer_norm(x, 768)
"""
    + FORK,
    ("fork", "PyTorch"): """
torch.set_num_threads(2)
x = torch.ones(4096, 768)
def call(): F.layer_norm(x, (768,))
"""
    + FORK,
    ("running variance", "simdnorm"): """
x = np.array([[1], [2], [3], [4]], f)
for unbiased in (True, False):
    mean, var = np.zeros(1, f), np.ones(1, f)
    sn.batch_norm_forward(x, None, None, mean, var, 1.0, unbiased=unbiased)
    print("unbiased" if unbiased else "biased", round(float(var[0]), 6), end="; " if unbiased else "")
""",
    ("running variance", "PyTorch"): """
mean, var = torch.zeros(1), torch.ones(1)
F.batch_norm(torch.tensor([[1.0], [2.0], [3.0], [4.0]]), mean, var, training=True, momentum=1.0)
print("unbiased", round(var.item(), 6))
""",
    ("running variance", "Keras"): """
norm = keras.layers.BatchNormalization(momentum=0.0)
norm(np.array([[1], [2], [3], [4]], f), training=True)
print("biased", round(float(norm.moving_variance[0]), 6))
""",
    ("masked mean", "simdnorm"): """
count, mean, m2 = sn.batch_norm_stats(np.array([[[3, 7]]], f), mask=np.array([True, False]))
print(mean[0])
""",
    ("masked mean", "Keras"): """
norm = keras.layers.BatchNormalization(momentum=0.0)
norm(np.array([[[3, 3], [7, 7]]], f), training=True, mask=np.array([[True, False]]))
print(float(norm.moving_mean[0]))
""",
}  # fmt: skip
BEFORE = {"simdnorm": OURS, "PyTorch": TORCH, "Keras": "import keras, numpy as np; f = np.float32\n"}


def answer(program: str) -> str:
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode < 0:
        return signal.Signals(-done.returncode).name
    said = [" ".join(done.stdout.split())] if done.stdout.strip() else []
    if done.returncode > 0:
        said.append(done.stderr.strip().splitlines()[-1].partition(":")[0])
    return "not installed" if "ModuleNotFoundError" in said else "; ".join(said) or "accepted"


PROBES = {(defect, peer): partial(answer, BEFORE[peer] + code) for (defect, peer), code in PROGRAMS.items()}
"""By a word for the defect and the peer."""
