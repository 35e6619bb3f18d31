/* SPDX-License-Identifier: Apache-2.0 */
#include "util/json.h"

struct json_object *json_new_line(const char *type)
{
	struct json_object *line = json_object_new_object();

	json_put_text(line, "type", type);
	return line;
}

void json_put_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_put_number(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_put_flag(struct json_object *object, const char *key, int value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void json_print_line(struct json_object *object, FILE *to)
{
	fprintf(to, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
}

void json_release(struct json_object **object)
{
	json_object_put(*object);
}
