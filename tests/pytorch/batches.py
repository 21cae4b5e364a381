"""What several processes are given to normalize, by together.py, and what they should find."""

import pickle
from datetime import timedelta

import torch
from torch.nn import functional as native

SHARES = {
    "two": [(0, 6), (6, 12)],
    "unequal": [(0, 1), (1, 12)],
    "empty": [(0, 12), (12, 12)],
    "four": [(0, 5), (5, 6), (6, 6), (6, 12)],
}
WAYS = {
    "float64": {},
    "float32": {"dtype": torch.float32},
    "bfloat16": {"dtype": torch.bfloat16},
    "float16 beside float32": {"dtype": torch.float16, "of_parameters": torch.float32},
    "channels last": {"layout": "channels_last"},
    "without parameters": {"affine": False},
    "without a bias": {"bias": False},
    "without momentum": {"momentum": None},
    "without running statistics": {"track_running_stats": False},
    "under DistributedDataParallel": {"parallel": True},
    "in a group": {"group": "new"},
    "beside another default device": {"device": "meta"},
}
FAULTS = ["shape", "type", "more channels", "fewer channels", "no channels"]


def batch(
    shares, dtype=torch.float64, *, of_parameters=None, layout="contiguous_format",
    device="cpu", fault=None, compiled=False, parallel=False, group=None, network=None, **options,
):  # fmt: skip
    generator = torch.Generator().manual_seed(5)
    shapes = {"x": (12, 5, 2, 3), "dy": (12, 5, 2, 3), "weight": (5,), "bias": (5,)}
    random = {name: torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for name, s in shapes.items()}
    for name in ("weight", "bias"):
        random[name] = random[name].to(of_parameters or dtype)
    return random | {
        "shares": shares, "layout": layout, "device": device, "fault": fault, "compiled": compiled,
        "parallel": parallel, "group": group, "network": network, "options": options,
    }  # fmt: skip


def faults(shares, kinds):
    """Batches of which one process gets something wrong; the others are patient for three seconds."""
    return [batch(shares, fault=kind, group="new", timeout=timedelta(seconds=3)) for kind in kinds]


def check_one(made, found, samples=slice(None)):
    options, dtype = made["options"], made["x"].dtype
    affine = options.get("affine", True)
    x, dy = made["x"][samples].double().requires_grad_(), made["dy"][samples].double()
    weight, bias = (made[name].double().requires_grad_() for name in ("weight", "bias"))
    parameters = weight if affine else None, bias if affine and options.get("bias", True) else None
    running = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    momentum = options.get("momentum", 0.1) or 1.0  # the mean over one batch is the batch's
    y = native.batch_norm(x, *running, *parameters, True, momentum)
    dx, dweight, dbias = torch.autograd.grad(y, (x, weight, bias), dy, allow_unused=True)
    # Sums of 72 values of size 1 to 10, whose rounding (and the float32 of results) is that of the type of x.
    close = {"rtol": 0, "atol": 72 * 10 * torch.finfo(dtype).eps}
    for name, expected in (("y", y.detach()), ("dx", dx)):
        assert all(each[name].dtype is dtype for each in found)
        assert all(each[name].is_contiguous(memory_format=getattr(torch, made["layout"])) for each in found)
        torch.testing.assert_close(torch.cat([each[name] for each in found]).double(), expected, **close)
    # Each process has its own share of these, or under DistributedDataParallel the mean of all.
    for name, expected in (("dweight", dweight), ("dbias", dbias)):
        assert all((each[name] is None) == (expected is None) for each in found)
        if expected is not None:
            assert all(each[name].dtype is made["weight"].dtype for each in found)
            torch.testing.assert_close(sum(each[name].double() for each in found), expected, **close)
            assert not made["parallel"] or all(torch.equal(each[name], found[0][name]) for each in found)
    if options.get("track_running_stats", True):
        for name, expected in zip(("running_mean", "running_var"), running, strict=True):
            torch.testing.assert_close(found[0][name].double(), expected, **close)
            assert all(torch.equal(each[name], found[0][name]) for each in found), f"{name} differs between ranks"
        statistics = found[0]["running_mean"].double(), found[0]["running_var"].double()
        evaluated = native.batch_norm(x, *statistics, *parameters).detach()
        torch.testing.assert_close(torch.cat([each["evaluated"] for each in found]).double(), evaluated, **close)
    assert not any(each["of evaluation"] for each in found)


def check_fault(fault, found):
    """Everybody has an error, and in time; who has made a mistake, or can be told of it, says what it is."""
    assert all(each["error"] for each in found), fault
    assert all(each["seconds"] < 15 for each in found), fault
    assert "expected" in found[1]["error"]
    if fault in ("more channels", "fewer channels"):
        assert all("on rank 1" in each["error"] for each in found)


def check_network(made, found):
    """The mean of the losses of shares of one size is the loss of the batch."""
    net = pickle.loads(pickle.dumps(made["network"]))
    net(made["x"]).backward(made["dy"] / len(found))
    expected = {name: p.grad for name, p in net.named_parameters()}
    if made["parallel"] != "sharded":
        expected |= dict(net.named_buffers())
    for each in found:
        assert each.keys() == expected.keys()
        for name, value in expected.items():
            # Sums over 12 samples of 6 values, after norms that make each of size 1 to 10.
            torch.testing.assert_close(each[name], value, rtol=0, atol=12 * 6 * 10 * 10 * 2.0**-52, msg=name)
