"""Whether what was seen is what was asked for."""

from demo_model.detect.detector import Seen, Sighting
from demo_model.world.scene import Group, Relation, Scene


def check(scene: Scene, seen: Seen) -> dict[str, bool]:
    """Return for every fact that the scene has whether the picture shows it."""
    wanted = [group for group in scene.groups for _ in group.spots]
    facts = {"background": seen.backdrop is scene.backdrop, "style": seen.style is scene.style}
    facts["count"] = len(seen.things) == len(wanted)
    if len(scene.groups) == 2:
        pair = [_find(group, seen) for group in scene.groups]
        facts["two objects"] = None not in pair
        facts["position"] = _stand(scene.relation, *pair)
        return facts
    kind, colour = scene.groups[0].kind, scene.groups[0].colour
    facts["object"] = bool(seen.things) and all(thing.kind is kind for thing in seen.things)
    facts["colour"] = bool(seen.things) and all(thing.colour is colour for thing in seen.things)
    if scene.place is not None:
        facts["position"] = any(thing.place is scene.place for thing in seen.things)
    return facts


def _find(group: Group, seen: Seen) -> Sighting | None:
    like = (thing for thing in seen.things if (thing.kind, thing.colour) == (group.kind, group.colour))
    return next(like, None)


def _stand(relation: Relation | None, first: Sighting | None, second: Sighting | None) -> bool:
    """Return whether the first stands to the second as told."""
    if first is None or second is None:
        return False
    return {
        Relation.LEFT_OF: first.x < second.x,
        Relation.RIGHT_OF: first.x > second.x,
        Relation.ABOVE: first.y < second.y,
        Relation.BELOW: first.y > second.y,
        None: True,
    }[relation]
