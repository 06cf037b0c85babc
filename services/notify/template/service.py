"""What other rooms ask of templates."""

from collections.abc import Collection

from kit.work import Work
from services.notify.template import store
from services.notify.template.policy import Wording


async def newest_versions(work: Work, names: Collection[str]) -> dict[str, int]:
    """The version of each of these templates that is used from now on. LookupError where there is none."""
    found = await store.newest(work.session, names)
    if missing := set(names) - found.keys():
        raise LookupError(f"no template {min(missing)}")
    return found


async def wordings(work: Work, keys: Collection[tuple[str, int]], language: str) -> dict[tuple[str, int], Wording]:
    """The words of these versions in that language, checked again as they were when saved."""
    found = await store.in_language(work.session, keys, language) if keys else ()
    return {(template.name, template.version): Wording.model_validate(template) for template in found}
