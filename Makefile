# What people call is what CI calls: `make demo` and `make test` do everything on an empty machine.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Where torch comes from. PyPI's Linux wheel brings CUDA (gigabytes); on an ordinary computer the CPU build will do:
#   make install TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
DATA ?= ../shared/data
# PaddlePaddle runs in an environment of its own: the tutorial's program for benchmarks, and tests of its weights.
PADDLE ?= .paddle-env
# Other runtimes read the model file in tests: each in a place of its own.
OPENVINO ?= .openvino-env
ORT_WEB ?= .ort-web
# axe-core judges the page's accessibility in tests.
AXE ?= .axe
# What a user installs (all extras, nothing of development), and the programs that look into it.
RELEASE ?= .release-env
INSPECT ?= .inspect-env
TUTORIAL ?= ../shared/baseline/tutorial_paddle.py

# Tests that neither train, nor serve, nor start a browser or another runtime, nor search many films for copies.
SLOW := $(patsubst %,tests/test_%.py,third_language bad_input cli pages_run security one_answer model_file_docs)
FAST := $(filter-out $(SLOW),$(wildcard tests/test_*.py)) tests/evaluation plainfilm \
  $(patsubst %,tests/data/test_%.py,augment decode given greys tables_of_films)

.PHONY: install demo phantom-model test test-fast check bench faults audit sbom clean

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) --editable '.[dev]'
	touch $@

demo: install
	rm -rf runs/demo
	$(BIN)/plainfilm demo --out runs/demo

# The model that answers the page's samples: what the demo trains.
phantom-model: install
	rm -rf runs/phantom
	$(BIN)/plainfilm demo --out runs/phantom
	cp runs/phantom/run/model.onnx plainfilm/serving/phantom.onnx

check: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python .ci/subjects.py
	$(BIN)/python -m pytest tests/test_prose.py tests/test_documents.py

test: check
	PLAINFILM_DATA=$(abspath $(DATA)) $(BIN)/python -m pytest -n auto --dist loadfile

# What a change is tried with on the way: no training, server, browser, fault or other runtime; CI runs `test`.
test-fast: install
	$(BIN)/python -m pytest -n 2 -m "not real and not openvino and not ort_web and not paddle" $(FAST)

bench: install $(PADDLE)/installed
	$(BIN)/python benchmarks/duplicates.py $(DATA)
	$(BIN)/python benchmarks/audit_selftest.py $(DATA)
	$(BIN)/python benchmarks/lung_field.py $(DATA)
	$(BIN)/python benchmarks/bench.py $(DATA)/covid-radiography/input_data.zip --table $(DATA)/covid-radiography/metadata.csv \
	  --paddle $(PADDLE)/bin/python --program $(TUTORIAL) --out runs/bench

# The table of docs/faults.md: every fault, done for real, as often as the table says; half an hour or more, see docs/log.md.
faults: install
	$(BIN)/python benchmarks/faults.py --out runs/faults.json

# Known vulnerabilities of what a user installs. A package that could not be audited counts as not clean: pip-audit
# without --strict says "No known vulnerabilities found" where it reached no advisory service at all.
audit: $(RELEASE)/installed $(INSPECT)/installed
	$(RELEASE)/bin/pip freeze --exclude plainfilm | sed 's/+[^+]*$$//' >$(RELEASE)/versions.txt
	$(INSPECT)/bin/pip-audit --strict --no-deps --disable-pip --requirement $(RELEASE)/versions.txt \
	  || { echo "Not clean: something is vulnerable, or could not be audited (see above)." >&2; exit 1; }

# What a user installs, as a CycloneDX list of components.
sbom: $(RELEASE)/installed $(INSPECT)/installed
	$(INSPECT)/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --output-file sbom.json $(RELEASE)/bin/python

$(RELEASE)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(RELEASE)
	$(RELEASE)/bin/pip install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) '.[all]'
	touch $@

$(INSPECT)/installed:
	$(PYTHON) -m venv $(INSPECT)
	$(INSPECT)/bin/pip install --quiet pip-audit==2.10.1 cyclonedx-bom==7.5.0
	touch $@

$(PADDLE)/installed:
	$(PYTHON) -m venv $(PADDLE)
	$(PADDLE)/bin/pip install --quiet paddlepaddle==3.3.1 pillow
	touch $@

$(OPENVINO)/installed:
	$(PYTHON) -m venv $(OPENVINO)
	$(OPENVINO)/bin/pip install --quiet openvino==2026.4.1
	touch $@

$(ORT_WEB)/installed:
	npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(ORT_WEB) onnxruntime-web@1.30.0
	touch $@

$(AXE)/installed:
	npm install --silent --ignore-scripts --no-audit --no-fund --prefix $(AXE) axe-core@4.14.1
	touch $@

clean:
	rm -rf $(VENV) $(RELEASE) $(INSPECT) sbom.json $(PADDLE) $(OPENVINO) $(ORT_WEB) $(AXE) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
