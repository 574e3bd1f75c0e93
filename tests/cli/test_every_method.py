"""A method whose model has no w and no noise, through every command."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_page_of_an_autoencoder(differentia: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    small = ["--set", "model.hidden=[32]", "--limit", "300", "--no-figures"]
    train = ["train", "digits", "--method", "autoencoder", "--epochs", "2", "--out", "bare"]
    code, out, _ = differentia(*train, *small)
    assert code == 0
    assert "no KL" in " ".join(out.split())
    code, out, _ = differentia("report", "bare", "--quick")
    assert code == 0
    assert "z, the code" in out
    assert "no KL" in " ".join(out.split())
    page = (tmp_path / "bare/report.html").read_text("utf-8")
    for shown in ("the code itself", "there is nothing to swap", "whose own authors"):
        assert shown in page
    for absent in ("ELBO", "Swap consistency", "Leak of z’s parameters", 'id="swaps"', "nats</span>", ">nan"):
        assert absent not in page
    code, out, _ = differentia("compare", "bare", "--csv", "all.csv", "--plot", "all.png")
    assert code == 0
    assert "–" in out
    assert (tmp_path / "all.csv").read_text().splitlines()[1].startswith("bare,autoencoder,digits,")
    code, _, err = differentia("refine", "bare")
    assert code == 2
    assert "has no w" in err
