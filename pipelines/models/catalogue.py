"""The models that the studio knows: what each is, where its files are, and what a request for it may ask.

Knows no torch, and families only by their face.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.families import BUILT_IN, FAMILIES, families, family, foreign_controls
from pipelines.machine import gpus
from pipelines.models.added import Added, remember, remembered, replace_id
from pipelines.models.family import Family, Found, Part, Places
from pipelines.models.hub import snapshot
from pipelines.models.recognised import from_environment, recognised
from pipelines.models.spec import ModelSpec


def models() -> tuple[ModelSpec, ...]:
    """All models: the named ones, first the built-in one, and those that a person has added. Raises `ModelError`."""
    added = _added()
    named = _placed(added)
    others = [each for each in added.values() if each.id not in {spec.id for spec in named}]
    specs: dict[str, ModelSpec] = {}
    for each in sorted(others, key=lambda each: each.base is not None):  # what stands on something comes after it
        specs[each.id] = _added_spec(each, [*named, *specs.values()])
    return (*named, *(specs[each.id] for each in others))


@functools.cache
def named_models() -> tuple[ModelSpec, ...]:
    """The models that families know by name, wherever their files are."""
    return tuple(_complete(spec) for each in families() for spec in each.specs())


def built_in() -> ModelSpec:
    """The model that is always here, which also draws sketches and drafts."""
    return next(spec for spec in named_models() if spec.family == BUILT_IN)


def family_of(model: str) -> Family | None:
    """The family of a model by its id, without a look at its files; None for what is on no list."""
    spec = _named(model)
    if spec is not None:
        return family(spec.family)
    added = next((each for each in remembered() if each.id == model and not each.is_part), None)
    return family(added.family) if added is not None and added.family in FAMILIES else None


def is_quick(model: str) -> bool:
    """Whether its frames are there in seconds."""
    spec = _named(model)
    return spec is not None and spec.is_quick


def _named(model: str) -> ModelSpec | None:
    return next((spec for spec in named_models() if spec.id == model), None)


def known(model: str) -> ModelSpec:
    """The model with this id. Raises `ModelError` if there is none.

    What strangers may ask for: a path of theirs would tell which folders exist, or load one.
    """
    specs = {spec.id: spec for spec in models()}
    if model not in specs:
        raise ModelError(f"There is no model called {model[:60]}.", f"The models are: {', '.join(specs)}.")
    return specs[model]


def find(model: str) -> ModelSpec:
    """The model with this id, or the one in this diffusers folder. Raises `ModelError` if there is none.

    For whoever sits at the machine; others get `known`.
    """
    folder = None if model in {spec.id for spec in models()} else _folder_named(model)
    return known(model) if folder is None else replace(describe(folder), id=model)


def describe(path: Path) -> ModelSpec:
    """The model in a folder or file, remembered or not, with its path as id.

    Raises `ModelError` where it is none, or stands on one that is not on this machine.
    """
    its, found = recognised(path)
    if isinstance(found, Part):
        raise ModelError(f"{path.name} is no model by itself.", "Add it: python app.py models add PATH.")
    return _described(str(path), its, found)


def location(spec: ModelSpec) -> Path | None:
    """Where the files of `spec` are on this machine: its own folder, or its snapshot in the hub's cache if complete.

    None for a file without the model that it stands on.
    """
    if spec.base is not None and location(find(spec.base)) is None:
        return None
    if spec.path is not None and (spec.path.is_file() or any(spec.path.rglob("*.safetensors"))):
        return spec.path
    return snapshot(spec)


def places_of(spec: ModelSpec) -> Places:
    """Where all of a model is. Raises `ModelError` where something of it is not on this machine."""
    base = None if spec.base is None else _place(find(spec.base))
    own = [each for each in remembered() if each.is_part and each.family == spec.family]
    parts = {each.id: Path(each.path) for each in own if Path(each.path).is_file()}
    return Places(spec, _place(spec), base, parts)


def default_model() -> str:
    """The id to take where none is asked for: a usual one whose files are here if there is a GPU, else the built-in."""
    if gpus():
        for spec in models():
            if spec.is_usual and location(spec) is not None:
                return spec.id
    return built_in().id


def add_local(path: Path) -> ModelSpec:
    """Checks a folder or file of a model, or of what stands on one, and remembers it.

    The first copy of a named model becomes its place; a further one gets an id from its name. What stands on a model
    does so on the one that is chosen now. Raises `ModelError` where it is none, or has pickles only.
    """
    place = path.expanduser().resolve()
    spec = describe(place)
    its, found = recognised(place)
    named = None if isinstance(found, Part) else found.named
    if named is not None and named not in {each.id for each in remembered() if each.path != str(found.path)}:
        return find(remember(Added(named, str(found.path), its.name), ()).id)
    added = Added(found.path.stem if spec.base is not None else place.name, str(found.path), its.name, spec.base)
    return find(remember(added, reserved_ids()).id)


def reserved_ids() -> set[str]:
    """Ids that a folder's name never becomes."""
    return {spec.id for spec in named_models()} | set(FAMILIES)


def _folder_named(model: str) -> Path | None:
    try:
        folder = Path(model).expanduser().resolve()
        return folder if folder.exists() else None
    except (OSError, RuntimeError, ValueError):  # a name that is too long, has a NUL in it, or is nobody's home
        return None


def _added() -> dict[str, Added]:
    """What a person has added, by its id; the first place of a named model counts. Raises `ModelError`."""
    added: dict[str, Added] = {}
    for each in (*_of_environment(), *remembered()):
        if not each.is_part:
            added.setdefault(each.id, each)
    return added


def _of_environment() -> list[Added]:
    return [_unplaced(its, found) for its, found in from_environment()]


def _unplaced(its: Family, found: Found) -> Added:
    """By the id of the named model that it is, or one from its name; what it stands on is still to be chosen."""
    if found.named is not None:
        return Added(found.named, str(found.path), its.name)
    name = found.path.name if found.path.is_dir() else found.path.stem
    return replace_id(Added(name, str(found.path), its.name), reserved_ids())


def _placed(added: Mapping[str, Added]) -> tuple[ModelSpec, ...]:
    """The named models, each in the place that a person has given it."""
    return tuple(replace(spec, path=Path(added[spec.id].path)) if spec.id in added else spec for spec in named_models())


def _added_spec(added: Added, before: list[ModelSpec]) -> ModelSpec:
    """What was added and is no named model's place, listed even while its disk is not mounted."""
    its = family(added.family)
    own = _wholes(before, added.family)
    try:
        found = its.recognise(Path(added.path)) if Path(added.path).exists() else None
    except ModelError:
        found = None
    if found is None or isinstance(found, Part):
        return _lost(added, own)
    return replace(_standing(found, added.base, own), id=added.id)


def _standing(found: Found, base: str | None, own: list[ModelSpec]) -> ModelSpec:
    """On the model that was chosen when it was added; for what the environment names, on the one to choose now."""
    chosen = [spec for spec in own if spec.id == base]
    try:
        return _complete(found.described(chosen or _here(own)))
    except ModelError:
        return _complete(found.described(own))


def _lost(added: Added, own: list[ModelSpec]) -> ModelSpec:
    like = own[0] if own else built_in()
    path = Path(added.path)
    return replace(like.of_a_person(path), id=added.id, family=added.family, base=added.base, size_bytes=0)


def _here(specs: list[ModelSpec]) -> list[ModelSpec]:
    return [spec for spec in specs if location(spec) is not None]


def _described(id: str, its: Family, found: Found) -> ModelSpec:
    return replace(_complete(found.described(_here(_wholes(models(), its.name)))), id=id)


def _wholes(specs: Iterable[ModelSpec], family: str) -> list[ModelSpec]:
    """Those that something of the same family may stand on."""
    return [spec for spec in specs if spec.family == family and spec.base is None]


def _complete(spec: ModelSpec) -> ModelSpec:
    """With the controls of other families among those that it ignores."""
    return replace(spec, ignores=spec.ignores | foreign_controls(spec.family))


def _place(spec: ModelSpec) -> Path:
    place = location(spec)
    if place is None:
        raise ModelError(
            f"The files of {spec.name} are not on this machine.",
            "Fetch them on the Models page, or name a folder that has them:"
            f" python app.py models add FOLDER ({spec.id}).",
        )
    return place
