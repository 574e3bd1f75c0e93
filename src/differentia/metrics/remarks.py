"""What a model lacks or is told, and which figures are left out therefore, in plain sentences."""

from differentia.model.base import Model


def remarks(model: Model) -> tuple[str, ...]:
    """Return what a reader has to know of a model's figures, a sentence each; nothing for the report's model.

    Parameters
    ----------
    model : Model
        Its codes, their noise, and who is told the class are what is spoken of.
    """
    said = [] if model.operator is None else [model.operator.sentence()]
    if not model.w_dim:
        said.append("This model has no w, so the figures of w are left out.")
    if model.deterministic:
        said.append(
            "Its codes have no noise, so there is no KL, no bound on the likelihood, and nothing for a probe "
            "to see but the code itself."
        )
    if not model.given:
        said.append("Its decoder sees neither a w nor the class, so there is nothing to swap.")
    elif not model.decoder_sees_y:
        said.append("Its decoder does not see the class, so a swap exchanges w alone.")
    if model.z_sees_y:
        said.append("The encoder of z is told the class, so z can tell the class without reading the sample.")
    return tuple(said)
