"""A model of the playground world may have its prompts completed; no other task is touched."""

from tiny_pipelines import picture, seeded, tiny_pipeline


def test_drawings_are_completed_by_their_seed_and_nothing_else_is(tmp_path):
    completing, plain = tiny_pipeline(complete_prompts=True), tiny_pipeline()
    completing.save_pretrained(tmp_path)
    again = type(plain).from_pretrained(tmp_path)

    def drawn(pipeline, prompt):
        return pipeline("t2i", prompt, generator=seeded(3)).images[0]

    assert drawn(completing, "a cat on the beach") == drawn(again, "a cat on the beach")
    assert drawn(completing, "a cat on the beach") != drawn(plain, "a cat on the beach")
    source = picture(32, 32)
    edits = [p("edit", "make it red", source, generator=seeded(3)).images[0]
             for p in (completing, plain)]
    assert edits[0] == edits[1]
