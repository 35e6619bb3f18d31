/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Where a path of the running node really is.
 */
#pragma once

#include "plan/plan.h"

/**
 * Follow the symbolic links in the directories of a path, inside the image: what is
 * planned below "/lib" is in "/usr/lib".  The last component is not followed, unless
 * it is "."; nothing of the path needs to exist.
 *
 * @param plan  a link in the way must not be in it: it would lead elsewhere then; may be NULL
 * @param ret   absolute, without links, "." and ".."; owned by the caller
 * @return -ENOTDIR if something else than a directory is in the way, -ENAMETOOLONG
 */
int plan_realpath(const struct plan *plan, struct backend *b, const char *path, char **ret,
		  struct error *err);
