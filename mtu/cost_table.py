"""The cost report as tables."""

from .cost_pipelines import memory_mb


def markdown(report: dict) -> str:
    """Three tables of a `mtu.cost.cost` report: the models, what trains, whole pipelines."""
    feed_forward = report["feed_forward"]
    share = feed_forward["share_of_tflops"]
    return "\n\n".join(
        [
            f"{report['model']}, {report['size']}² pixels, {report['tokens']} tokens, "
            f"{report['experts']} experts a block",
            _models(report),
            f"Feed-forward layers of the base: {feed_forward['layers']}, "
            f"{_millions(feed_forward['params'])} ({feed_forward['share_of_params']:.1%} of its "
            f"parameters), {feed_forward['tflops']:.3f} TFLOPs "
            f"({share['without_attention_products']:.1%} of them, "
            f"{share['with_attention_products']:.1%} with attention's products).",
            _parts(report["mtu"]),
            _pipelines(report["pipelines"]),
        ]
    )


def _models(report: dict) -> str:
    rows = [("base", report["base"]), ("MTU", report["mtu"]), ("folded, all tasks together",
            report["folded"]), ("a UNet for each task", report["four_pipelines"])]  # fmt: skip
    lines = [
        "| | parameters | trainable | TFLOPs | with attention's products | MB, 2 bytes |",
        "|---|---|---|---|---|---|",
    ]
    for name, entry in rows:
        trainable = _millions(entry["trainable"]) if "trainable" in entry else ""
        plain, attention = _range(entry.get("tflops", {}))
        lines.append(
            f"| {name} | {_millions(entry['params'])} | {trainable} | {plain} | {attention} "
            f"| {entry['memory_mb']:,.0f} |"
        )
    return "\n".join(lines)


def _range(tflops: dict) -> tuple[str, str]:
    """Smallest to largest over the tasks, without and with attention's products."""
    texts = []
    for kind in ("without_attention_products", "with_attention_products"):
        values = [f"{entry[kind]:.4f}" for entry in tflops.values()]
        texts.append(" to ".join(dict.fromkeys((min(values), max(values)))) if values else "")
    return texts[0], texts[1]


def _parts(mtu: dict) -> str:
    lines = ["| part of the MTU model | parameters |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {n:,} |" for name, n in mtu["parts"].items()]
    return "\n".join(lines)


def _pipelines(pipelines: dict) -> str:
    lines = ["| pipeline | parameters | MB fp16 or bf16 | MB fp32 | ratio to the four |",
             "|---|---|---|---|---|"]  # fmt: skip
    for name, params in pipelines["four"].items():
        if name not in ("params", "memory_mb"):
            narrow, wide = (f"{size:,.0f}" for size in memory_mb(params).values())
            lines.append(f"| {name} | {_millions(params)} | {narrow} | {wide} | |")
    for title, key, ratio in (
        ("the four", "four", 1.0),
        ("one MTU", "one", pipelines["ratio"]),
        ("one MTU and a folded task", "one_and_a_folded_task",
         pipelines["ratio_with_a_folded_task"]),
    ):  # fmt: skip
        memory = pipelines[key]["memory_mb"]
        lines.append(
            f"| {title} | {_millions(pipelines[key]['params'])} | {memory['fp16']:,.0f} "
            f"| {memory['fp32']:,.0f} | {ratio:.3f} |"
        )
    return "\n".join(lines)


def _millions(params: int) -> str:
    return f"{params / 1e6:,.1f}M"

