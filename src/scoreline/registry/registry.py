"""The registry: every rule about models, versions, aliases and deployments, over whatever stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from scoreline.core.access import DEFAULT_SPACE
from scoreline.core.entities import AliasChange, Deployment, Model, Version
from scoreline.core.errors import Conflict
from scoreline.registry import aliases, logs, lookup, traffic
from scoreline.registry.intake import summarise, take_in
from scoreline.registry.names import (
    CHAMPION,
    Reference,
    check_name,
    missing,
    parse_reference,
    parse_version,
    suggest_name,
)
from scoreline.registry.seams import Artifacts, Store
from scoreline.registry.users import refuse_needed_alias, refuse_needed_version


class Registry:
    """Models, immutable versions, aliases and deployments of one space.

    Safe to use from many threads and processes at once: each method is one transaction.
    """

    def __init__(self, store: Store, artifacts: Artifacts, space: str = DEFAULT_SPACE) -> None:
        self.space = space
        self._store = store
        self._artifacts = artifacts

    def check_space(self) -> None:
        """Raise NotFound when there is no such space."""
        with self._store.reading(self.space) as records:
            lookup.check_space(records, self.space)

    # models and versions

    def register(self, path: Path, model: str | None = None, *, promote: bool | None = None) -> Version:
        """Register the scoring pipeline at ``path`` as the next version of ``model`` (by default its own name).

        The same scoring pipeline registered twice under a model is the same version. The first version becomes
        ``champion`` unless ``promote`` is False; a later one does when ``promote`` is True.
        Raises NotFound, ArtifactRefused, ParityFailed, BadSetting (the name).
        """
        intake = take_in(Path(path))
        name = check_name("model", model if model is not None else suggest_name(intake.manifest.name))
        digest = intake.manifest.id
        self._artifacts.put(digest, intake.content)
        with self._store.writing(self.space) as records:
            if not self._artifacts.has(digest):  # deleted with its last version since we put it
                self._artifacts.put(digest, intake.content)
            lookup.check_space(records, self.space)
            now = _now()
            if records.model(name) is None:
                records.add_model(name, now)
            version = records.version_with(name, digest)
            if version is None:
                version = Version(
                    space=self.space,
                    model=name,
                    number=records.next_number(name),
                    digest=digest,
                    size_bytes=len(intake.content),
                    created_at=now,
                    summary=summarise(intake.manifest),
                )
                records.add_version(version)
            first = records.alias(name, CHAMPION) is None and version.number == 1
            if promote or (promote is None and first):
                aliases.promote(records, name, version.number, CHAMPION, now)
        return version

    def models(self) -> list[Model]:
        """Return all models by name."""
        with self._store.reading(self.space) as records:
            return records.models()

    def model(self, name: str) -> Model:
        """Return one model. Raises NotFound with the names that are like it."""
        with self._store.reading(self.space) as records:
            return lookup.model(records, name)

    def versions(self, model: str) -> list[Version]:
        """Return a model's versions, newest first. Raises NotFound."""
        with self._store.reading(self.space) as records:
            lookup.model(records, model)
            return records.versions(model)

    def resolve(self, model: str, reference: str | None = None) -> Version:
        """Return the version meant by ``credit``, ``credit@3`` or ``credit@champion``; or by a model and a reference.

        Raises BadSetting when it is not a reference and NotFound when there is no such version.
        """
        name, parsed = _target(model, reference)
        with self._store.reading(self.space) as records:
            return lookup.version(records, name, parsed)

    def artifact(self, digest: str) -> Path:
        """Return a local file that holds the scoring pipeline of a version or deployment with ``digest``."""
        return self._artifacts.path(digest)

    def delete_version(self, model: str, number: int) -> Version:
        """Delete a version that nothing points to, and its file when no other version is the same scoring pipeline.

        Raises NotFound, and Conflict when an alias or a deployment needs it.
        """
        with self._store.writing(self.space) as records:
            version = lookup.version(records, model, Reference(None, number))
            refuse_needed_version(records, model, number)
            pointing = [alias for alias, target in lookup.model(records, model).aliases.items() if target == number]
            if pointing:
                raise Conflict(
                    f"alias {', '.join(pointing)} points to {model}@{number}",
                    hint="promote another version, or delete the model",
                )
            records.delete_version(model, number)
        self._drop_files([version.digest])
        return version

    def delete_model(self, name: str) -> Model:
        """Delete a model with all its versions. Raises NotFound, and Conflict when it is deployed."""
        with self._store.writing(self.space) as records:
            model = lookup.model(records, name)
            users = [d.name for d in records.deployments() if d.model == name]
            if users:
                raise Conflict(f"model {name} is deployed as {', '.join(users)}", hint=f"scoreline undeploy {users[0]}")
            digests = [version.digest for version in records.versions(name)]
            records.delete_model(name)
        self._drop_files(digests)
        return model

    def _drop_files(self, digests: list[str]) -> None:
        # After the commit, so that a kill in between leaves a file too many and never a version without its file;
        # and in a writing transaction, so that nobody registers the digest between the look and the removal.
        with self._store.writing(self.space) as records:
            for digest in digests:
                if not records.holds(digest):
                    self._artifacts.delete(digest)

    # aliases

    def promote(self, model: str, version: int, alias: str = CHAMPION) -> AliasChange:
        """Point ``alias`` at a version; the change says where it pointed before. The same version twice moves nothing.

        Raises NotFound, BadSetting (the alias's name).
        """
        check_name("alias", alias)
        with self._store.writing(self.space) as records:
            lookup.version(records, model, Reference(None, version))
            return aliases.promote(records, model, version, alias, _now())

    def rollback(self, model: str, alias: str = CHAMPION) -> AliasChange:
        """Point ``alias`` back at the version it pointed to before; again, at the one before that.

        Versions deleted since are passed over. Raises NotFound, and Conflict when there is nothing to go back to.
        """
        with self._store.writing(self.space) as records:
            lookup.model(records, model)
            return aliases.rollback(records, model, alias, _now())

    def history(self, model: str, alias: str = CHAMPION) -> list[AliasChange]:
        """Return every change of an alias, newest first. Raises NotFound."""
        with self._store.reading(self.space) as records:
            known = lookup.model(records, model)
            changes = records.alias_changes(model, alias)
            if not changes:
                raise missing("alias", alias, known.aliases, inside=model)
            return changes

    def delete_alias(self, model: str, alias: str) -> None:
        """Remove an alias; its history is kept. Raises NotFound, and Conflict when a deployment follows it."""
        with self._store.writing(self.space) as records:
            lookup.version(records, model, Reference(alias, None))
            refuse_needed_alias(records, model, alias)
            records.delete_alias(model, alias)

    # deployments

    def deploy(
        self, name: str, model: str, reference: str | None = None, *, default: bool | None = None, new: bool = False
    ) -> Deployment:
        """Keep a version ready under ``name``; ``@champion`` (when no reference is given) is followed, ``3`` is pinned.

        A deployment of that name answers with the new version from then on; its split and its shadow end, what its
        prediction log keeps stays. The first deployment becomes the default one; ``default`` True or False decides
        otherwise. Raises NotFound, BadSetting, and Conflict when it is to be ``new`` and the name is taken.
        """
        check_name("deployment", name)
        model_name, parsed = _target(model, reference)
        with self._store.writing(self.space) as records:
            lookup.version(records, model_name, parsed)
            if default is None:
                holder = next((d.name for d in records.deployments() if d.default), None)
                default = holder in (None, name)
            now = _now()
            before = records.deployment(name)
            if new and before is not None:
                raise Conflict(f"the deployment name {name!r} is taken", hint="choose another, or undeploy that one")
            if before is not None and (before.model, before.reference) != (model_name, str(parsed)):
                records.put_split(name, (), sticky=False, at=now)
                records.put_shadow(name, None, at=now)
            records.put_deployment(name, model_name, alias=parsed.alias, number=parsed.number, default=default, at=now)
            records.count_change()
            return lookup.deployment(records, name)

    def deployments(self) -> list[Deployment]:
        """Return all deployments by name, each with the version its reference resolves to now."""
        with self._store.reading(self.space) as records:
            return records.deployments()

    def every_deployment(self) -> list[Deployment]:
        """Return the deployments of all spaces, by space and name."""
        with self._store.reading(self.space) as records:
            return records.every_deployment()

    def deployment(self, name: str) -> Deployment:
        """Return one deployment. Raises NotFound with the names that are like it."""
        with self._store.reading(self.space) as records:
            return lookup.deployment(records, name)

    def undeploy(self, name: str, *, keep_keys: bool = False) -> Deployment:
        """Stop keeping ``name`` ready; its model stays. Raises NotFound.

        When it was the default one there is none until another is deployed as default. Keys that are good for it end
        with it, since a later deployment of its name is another one; unless they are kept, for it to come back.
        """
        with self._store.writing(self.space) as records:
            deployment = lookup.deployment(records, name)
            records.delete_deployment(name, keep_keys=keep_keys)
            records.count_change()
            return deployment

    def set_split(self, name: str, weights: Mapping[str, float] | None, *, sticky: bool | None = None) -> Deployment:
        """Let other versions of its model answer a share of a deployment's requests, in percent; no weights end it.

        ``{"challenger": 10, "7": 5}``: an alias is followed, a number is pinned; what the weights leave of 100 is
        answered as before. With ``sticky``, requests with the same key are answered by the same version. None keeps
        the weights there are, or whether they are sticky. Raises NotFound, BadSetting.
        """
        with self._store.writing(self.space) as records:
            traffic.split(records, name, weights, sticky, _now())
            records.count_change()
            return lookup.deployment(records, name)

    def set_shadow(self, name: str, reference: str | None, share: float = traffic.WHOLE) -> Deployment:
        """Let another version score a share of a deployment's requests, in percent, for the log only; None ends it.

        Raises NotFound, BadSetting.
        """
        with self._store.writing(self.space) as records:
            traffic.shadow(records, name, reference, share, _now())
            records.count_change()
            return lookup.deployment(records, name)

    def set_log(
        self,
        name: str,
        *,
        enabled: bool | None = None,
        sample: float | None = None,
        hide: Sequence[str] = (),
        show: Sequence[str] = (),
    ) -> Deployment:
        """Change what a deployment's prediction log keeps; what is not given stays.

        ``hide`` and ``show`` name columns: never stored from now on, stored again. Raises NotFound, and BadSetting when
        no version that the deployment needs has a column to hide.
        """
        if hide:
            logs.check_columns(self.deployment(name), hide, self.artifact)
        with self._store.writing(self.space) as records:
            kept = logs.changed(lookup.deployment(records, name).log, enabled, sample, hide, show)
            records.put_log(name, kept, at=_now())
            records.count_change()
            return lookup.deployment(records, name)

    def change_counter(self) -> int:
        """Return a number that grows with each change that deployments follow, from promote to what a log keeps."""
        with self._store.reading(self.space) as records:
            return records.change_counter()


def _target(model: str, reference: str | None) -> tuple[str, Reference]:
    if reference is None:
        return parse_reference(model)
    return check_name("model", model), parse_version(reference)


def _now() -> datetime:
    return datetime.now(UTC)
