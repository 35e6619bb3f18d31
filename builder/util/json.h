/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Output as JSON, by json-c.
 */
#pragma once

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

/** A new object for a line of output; type tells which of docs/json.md it is. */
struct json_object *json_new_line(const char *type);

/** Add a string; NULL becomes null. */
void json_put_text(struct json_object *object, const char *key, const char *value);

/** Add a number. */
void json_put_number(struct json_object *object, const char *key, int64_t value);

/** Add true or false. */
void json_put_flag(struct json_object *object, const char *key, int value);

/** Print an object on one line. */
void json_print_line(struct json_object *object, FILE *to);

/** Cleanup handler of AUTOJSON. */
void json_release(struct json_object **object);
#define AUTOJSON __attribute__((cleanup(json_release)))
