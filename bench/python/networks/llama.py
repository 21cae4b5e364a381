"""A decoder with RMSNorm: Llama's, with 4 layers and a small vocabulary, or the output layer would be most of it."""

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from . import Network, cross_entropy

BATCH, LENGTH, VOCABULARY = 1, 512, 8192
CONFIG = {
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "max_position_embeddings": LENGTH,
    "num_attention_heads": 16,
    "num_hidden_layers": 4,
    "use_cache": False,
    "vocab_size": VOCABULARY,
}


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = LlamaForCausalLM(LlamaConfig(**CONFIG))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.model(input_ids=tokens).logits


def _batch(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    tokens = torch.randint(VOCABULARY, (BATCH, LENGTH + 1), generator=generator)
    return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()


NETWORKS = [Network("Llama-like decoder", Decoder, _batch, cross_entropy)]
