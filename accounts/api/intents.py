"""The shape of an act's intent as a JSON Schema (2020-12), read off its serializer."""

from typing import Any

from rest_framework import serializers

Schema = dict[str, Any]  # Any: JSON Schema's own nesting


def schema_of(field: serializers.Field[Any, Any, Any, Any]) -> Schema:  # Any: DRF's four type parameters
    """Give the JSON Schema of what a serializer or a field takes."""
    if isinstance(field, serializers.Serializer):
        inner = {name: one for name, one in field.fields.items() if not one.read_only}
        return {
            "type": "object",
            "properties": {name: _with_help(one) for name, one in inner.items()},
            "required": [name for name, one in inner.items() if one.required],
            "additionalProperties": False,
        }
    if isinstance(field, serializers.ListSerializer):
        return {"type": "array", "items": schema_of(field.child) if field.child else {}}
    if isinstance(field, serializers.ListField):
        sizes = {"minItems": field.min_length, "maxItems": field.max_length}
        return {"type": "array", "items": schema_of(field.child)} | _given(sizes)
    if isinstance(field, serializers.ChoiceField):
        return {"type": "string", "enum": [str(choice) for choice in field.choices]}
    if isinstance(field, serializers.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, serializers.IntegerField):
        return {"type": "integer"} | _given({"minimum": field.min_value, "maximum": field.max_value})
    if isinstance(field, serializers.DictField):
        return {"type": "object"}
    if isinstance(field, serializers.UUIDField):
        return {"type": "string", "format": "uuid"}
    if isinstance(field, serializers.CharField):
        return {"type": "string"} | _given({"minLength": field.min_length, "maxLength": field.max_length})
    return {"type": "string"} | FORMATS.get(type(field).__name__, {})


# Our own fields take text; a yes or no may be sent as such too.
FORMATS: dict[str, Schema] = {
    "DayField": {"format": "date"},
    "MomentField": {"format": "date-time"},
    "YesNoField": {"enum": ["yes", "no"]},
}


def _with_help(field: serializers.Field[Any, Any, Any, Any]) -> Schema:  # Any: DRF's four type parameters
    schema = schema_of(field)
    if field.allow_null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema | ({"description": str(field.help_text)} if field.help_text else {})


def _given(limits: dict[str, int | None]) -> Schema:
    return {name: limit for name, limit in limits.items() if limit is not None}
