# The two commands of the README, and what they share. Everything runs in .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
TABLE := results/nsd/rsa_subject_subject_alignment_shift_1_joined
FIGURES := results/nsd/figures/rsa_subject_subject_alignment_shift_1_joined
CORES ?= all
# Processes of the tests; those of a file stay together, for they share what they prepare. Each has
# one thread for linear algebra, or they would be in each other's way.
PROCESSES ?= auto
PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: install demo models simulate-models test test-models test-clients slurm test-slurm test-s3 test-long test-faults figures report test-report screenshots lint docs lock clean

## The environment: exactly the locked, hashed packages, and this checkout.
$(VENV)/ready: envs/repalign.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/repalign.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/ready-test: envs/test.lock $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/test.lock
	touch $@

## What runs models. PyTorch comes last: it is there, or a build for the CPU or for CUDA is taken.
$(VENV)/ready-models: envs/models.lock envs/torch.txt $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r envs/models.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/torch.txt
	touch $@

## The environment alone.
install: $(VENV)/ready

models: $(VENV)/ready-models

## Tiny models with random weights, in the formats of real ones; for the simulated NSD.
simulate-models: $(VENV)/ready-models
	$(BIN)/repalign simulate models

## Simulate NSD and compute its inter-subject RSA from the raw files.
demo: $(VENV)/ready
	$(BIN)/repalign simulate nsd
	$(BIN)/snakemake --cores $(CORES) $(TABLE).parquet
	$(BIN)/snakemake --cores $(CORES) $(FIGURES)_heatmap.png $(FIGURES)_ranking.png
	@echo
	@echo "Table:   $(TABLE).parquet"
	@echo "Figures: $(FIGURES)_heatmap.png"
	@echo "         $(FIGURES)_ranking.png"
	@echo "Truth:   resources/simulated/nsd/truth/areas.tsv"

## Formatters, linters, types and all tests that run no model.
test: lint
	$(PYTEST)

## The tests that run models.
test-models: $(VENV)/ready-test $(VENV)/ready-models
	$(PYTEST) tests/models

## The readers of others open what the workflow writes; each lives in an environment of its own.
$(VENV)/clients/%/ready: envs/clients/%.txt $(VENV)/ready
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

test-clients: $(VENV)/ready-test $(VENV)/clients/brainscore/ready $(VENV)/clients/neuralpredictors/ready
	BRAINSCORE_PYTHON=$(VENV)/clients/brainscore/bin/python \
	NEURALPREDICTORS_PYTHON=$(VENV)/clients/neuralpredictors/bin/python \
	$(BIN)/python -m pytest tests/clients

## Executors of clusters, in an environment of their own on top of the other one.
$(VENV)/slurm/ready: envs/slurm.lock $(VENV)/ready
	$(PYTHON) -m venv $(@D)
	echo "import site; site.addsitedir('$$($(BIN)/python -c $(PACKAGES))')" > $$($(@D)/bin/python -c $(PACKAGES))/repalign.pth
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/slurm.lock
	touch $@

slurm: $(VENV)/slurm/ready

## A one-node Slurm is brought up on this machine, and broken in many ways; needs root and apt-get.
test-slurm: $(VENV)/ready-test $(VENV)/slurm/ready
	OMP_NUM_THREADS=1 $(VENV)/slurm/bin/python -m pytest tests/slurm
## Retrieval from moto, an S3 on this machine; in an environment of its own.
test-s3: $(VENV)/ready-test $(VENV)/clients/moto/ready
	MOTO_PYTHON=$(VENV)/clients/moto/bin/python $(BIN)/python -m pytest tests/retrieval

test-long: $(VENV)/ready-test
	$(PYTEST) -m long

## Disturb runs at random and count what becomes of them; writes docs/faults.md.
CASES ?= 120
SEED ?= 1
FAULTS ?= /var/tmp/repalign-faults
test-faults: $(VENV)/ready-test
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.faults.campaign --folder $(FAULTS) --cases $(CASES) \
	--seed $(SEED) --table docs/faults.tsv --report docs/faults.md

lint: $(VENV)/ready-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint
	$(BIN)/mypy
	$(BIN)/python -m repalign.describe --check

## Files that are generated from the settings and the catalogue.
docs: $(VENV)/ready
	$(BIN)/python -m repalign.describe

## All figures that the settings can make; then their report, or that of TARGET, in one file that
## opens offline, and as an archive with the figures as files.
figures: $(VENV)/ready
	$(BIN)/snakemake --cores $(CORES) figures

report: $(VENV)/ready
	$(BIN)/repalign report --output report.html $(TARGET)
	$(BIN)/repalign report --output report.zip $(TARGET)

## A browser opens a report offline, looks at every figure and takes screenshots.
test-report: $(VENV)/ready-test $(VENV)/clients/browser/ready
	BROWSER_PYTHON=$(VENV)/clients/browser/bin/python $(BIN)/python -m pytest tests/report

## The same of report.html, into the folder screenshots.
screenshots: $(VENV)/clients/browser/ready
	$(VENV)/clients/browser/bin/python tests/report/visit.py report.html --screenshots screenshots

## Write the locks anew; needs uv.
lock:
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra workflow pyproject.toml -o envs/repalign.lock
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra workflow --extra test -c envs/repalign.lock pyproject.toml -o envs/test.lock
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra workflow --extra slurm -c envs/repalign.lock pyproject.toml -o envs/slurm.lock
	uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra workflow --extra models --extra test-models --no-emit-package torch --no-emit-package torchvision -c envs/test.lock -c envs/torch.txt pyproject.toml -o envs/models.lock

clean:
	rm -rf results logs .snakemake resources/simulated
