"""Results as a finished job leaves them, with numbers made up for the tests."""


def record(dataset, variant, seed, z, w, error=30.0, **identity):
    worst = {kind: {"probe": "mlp", "accuracy": z + 0.1, "bits": 0.5} for kind in ("samples", "parameters")}
    return {
        "dataset": dataset,
        "variant": variant,
        "seed": seed,
        "identity": {
            "data": dataset,
            "fingerprint": "0a1b",
            "method": "report",
            "seed": seed,
            "changes": {"training.epochs": 12},
            "versions": {"model": 1},
            "full_audit": False,
        }
        | identity,
        "n_train": 60_000,
        "n_test": 10_000,
        "chance": 0.1135,
        "accuracy": {"z": z, "w": w},
        "audit": {
            "z": worst,
            "w": worst,
            "swap": {"says_b": w, "real": 0.97},
            "exchanged": 2 * error,
            "recovered": {"slant": {"z": 0.9, "w": 0.1}},
        },
        "generation": {"coverage": 0.8, "real_coverage": 0.95, "consistency": 0.9},
        "generic": ["slant", "width"],
        "squared_error": error,
        "kl_z": 15.0,
        "kl_w": 25.0,
        "kl_identity": None,
        "seconds": {"training": 60.0, "measuring": 30.0},
        "versions": {"torch": "2.13.0"},
        "device": "cpu",
        "command": "differentia reproduce table1",
    }


TABLE_1 = [
    record("mnist", "without-plain", 0, 0.25, 0.17),
    record("mnist", "without-plain", 1, 0.26, 0.18),
    record("mnist", "without-plain", 2, 0.27, 0.19),
    record("mnist", "report-both-plain", 0, 0.27, 0.18),
    record("mnist", "report-both-plain", 1, 0.28, 0.19),
    record("mnist", "report-both-plain", 2, 0.29, 0.20),
    record("mnist", "strict", 0, 0.12, 0.97, 10.0),
    record("mnist", "strict", 1, 0.12, 0.97, 10.1),
    record("mnist", "strict", 2, 0.12, 0.97, 10.2),
]
