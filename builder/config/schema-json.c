/* SPDX-License-Identifier: Apache-2.0 */
#include <json-c/json.h>
#include <string.h>

#include "config/schema.h"

#define TEXT_FORM \
	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

static void add_string(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

/*
 * nib takes plain text as it is written, so "1.18" is text where text belongs; for
 * an editor it is a number.
 */
static void add_text_type(struct json_object *to, const struct field *field)
{
	if (field->values) {
		struct json_object *values = json_object_new_array();

		for (const char *const *value = field->values; *value; value++)
			json_object_array_add(values, json_object_new_string(*value));
		json_object_object_add(to, "enum", values);
		return;
	}

	struct json_object *types = json_object_new_array();

	json_object_array_add(types, json_object_new_string("string"));
	json_object_array_add(types, json_object_new_string("number"));
	json_object_object_add(to, "type", types);
	if (field->format)
		add_string(to, "pattern", field->format->pattern);
	else if (field->type != FIELD_CONTENT)
		json_object_object_add(to, "minLength", json_object_new_int(1));
}

static void add_map_type(struct json_object *to, const struct map *map, bool merged, bool defaults);

static void add_list_type(struct json_object *to, const struct field *field,
			  struct json_object *items)
{
	add_string(to, "type", "array");
	json_object_object_add(to, "items", items);
	if (field->flags & FIELD_REQUIRED)
		json_object_object_add(to, "minItems", json_object_new_int(1));
	json_object_object_add(to, "maxItems", json_object_new_int(DECODE_MAX_LIST));
}

/* merged: the rest of the mapping may come from the defaults, so nothing is required. */
static struct json_object *field_schema(const struct field *field, bool merged, bool defaults)
{
	struct json_object *schema = json_object_new_object(), *items;

	add_string(schema, "description", field->help);
	switch (field->type) {
	case FIELD_FLAG: add_string(schema, "type", "boolean"); break;
	case FIELD_NUMBER: add_string(schema, "type", "integer"); break;
	case FIELD_TEXTS:
	case FIELD_STRINGS:
		items = json_object_new_object();
		add_text_type(items, field);
		add_list_type(schema, field, items);
		break;
	case FIELD_MAPS:
		items = json_object_new_object();
		add_map_type(items, field->map, field->map == &schema_node, false);
		add_list_type(schema, field, items);
		break;
	case FIELD_MAP: add_map_type(schema, field->map, merged, defaults); break;
	case FIELD_DEFAULTS: add_map_type(schema, field->map, true, true); break;
	default: add_text_type(schema, field); break;
	}

	return schema;
}

static void add_map_type(struct json_object *to, const struct map *map, bool merged, bool defaults)
{
	struct json_object *properties = json_object_new_object();
	struct json_object *required = json_object_new_array();

	for (size_t i = 0; i < map->count; i++) {
		const struct field *field = &map->fields[i];
		bool own = field->flags & FIELD_OWN;

		if (defaults && own)
			continue;
		json_object_object_add(properties, field->key,
				       field_schema(field, merged, defaults));
		if (field->flags & FIELD_REQUIRED && (!merged || own))
			json_object_array_add(required, json_object_new_string(field->key));
	}

	add_string(to, "type", "object");
	json_object_object_add(to, "additionalProperties", json_object_new_boolean(false));
	if (json_object_array_length(required))
		json_object_object_add(to, "required", required);
	else
		json_object_put(required);
	json_object_object_add(to, "properties", properties);
}

void schema_json(struct buf *ret)
{
	struct json_object *schema = json_object_new_object();

	add_string(schema, "$schema", "http://json-schema.org/draft-07/schema#");
	add_string(schema, "title", "cluster.yaml of nib");
	add_string(schema, "description", "One cluster of Raspberry Pi nodes; see cluster.md.");
	add_map_type(schema, &schema_cluster, false, false);
	buf_addf(ret, "%s\n", json_object_to_json_string_ext(schema, TEXT_FORM));
	json_object_put(schema);
}
