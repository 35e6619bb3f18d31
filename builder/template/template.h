/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Text with ${NAMES} in it.
 *
 *     ${NAME}             the value; the name must be declared
 *     ${NAME:-default}    the default where the value is empty
 *     $$                  a dollar sign
 *
 * A "$" before anything else, an unknown name or an unclosed brace is an error at
 * its place.  There is no logic in templates.
 */
#pragma once

#include <stddef.h>

#include "util/buf.h"
#include "util/diag.h"
#include "util/error.h"

/** A name that templates may use. */
struct template_var {
	const char *name;
	/** Replaces ${NAME} as it is: quoting for the target format is the caller's. */
	const char *value;
};

/**
 * Find a template and keep it as a source of diags.
 *
 * @param directories  searched in order; NULL entries are skipped
 * @param name         path below them: "kubernetes/kubeadm-init.yaml"
 * @return the source, or NULL with an error in err that names every place searched
 */
const struct source *template_find(const char *const *directories, size_t n_directories,
				   const char *name, struct diags *diags, struct error *err);

/**
 * Replace the names in a template.
 *
 * Mistakes go to diags at their line and column; *ret is only complete without them.
 */
void template_render(const struct source *source, const struct template_var *vars, size_t n_vars,
		     struct buf *ret, struct diags *diags);
