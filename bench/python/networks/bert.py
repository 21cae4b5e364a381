"""An encoder with LayerNorm: BERT's, with 4 of the 12 layers of its base size and a small vocabulary."""

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM

from . import Network, cross_entropy

BATCH, LENGTH, VOCABULARY = 8, 128, 8192
CONFIG = {
    "attention_probs_dropout_prob": 0.0,
    "hidden_dropout_prob": 0.0,
    "num_hidden_layers": 4,
    "vocab_size": VOCABULARY,
}


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = BertForMaskedLM(BertConfig(**CONFIG))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(input_ids=tokens).logits


def _batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    shape = BATCH, LENGTH
    return torch.randint(VOCABULARY, shape, generator=generator), torch.randint(VOCABULARY, shape, generator=generator)


NETWORKS = [Network("BERT-like encoder", Encoder, _batch, cross_entropy)]
