.PHONY: run test unit lint evaluate train

run:
	python app/main.py

test: lint
	pytest

unit: lint
	pytest --ignore=tests/e2e

lint:
	ruff check .

evaluate:
	python -m mtu.evaluate assets/playground --out out/evaluation

# the embedded model from nothing, in the paper's order: text, base, its two helpers, four tasks, and the two that mend their pictures
train:
	python -m mtu.train mtu/training/recipes/text.yaml --resume
	python -m mtu.train mtu/training/recipes/base.yaml --resume
	python -m mtu.train mtu/training/recipes/stem.yaml --resume
	python -m mtu.train mtu/training/recipes/finder.yaml --resume
	python -m mtu.train mtu/training/recipes/multitask.yaml --resume
	python -m mtu.train mtu/training/recipes/deblocker.yaml --resume
	python -m mtu.train mtu/training/recipes/sharpener.yaml --resume
