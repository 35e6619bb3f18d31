/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Is a text YAML that a machine will read?
 */
#pragma once

#include "util/buf.h"
#include "util/error.h"

/**
 * Parse every document of a text.  Each has to be a mapping with keys that differ.
 *
 * @param err  says the line, and never quotes the text, which may hold secrets
 */
int yaml_check(const struct buf *text, struct error *err);
