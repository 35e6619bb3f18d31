/* SPDX-License-Identifier: Apache-2.0 */
#include "config/tree.h"

#include <string.h>

const struct tree_entry *tree_find(const struct tree *tree, const char *key)
{
	if (!tree || tree->kind != TREE_MAP)
		return NULL;

	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->entries[i].key, key) == 0)
			return &tree->entries[i];

	return NULL;
}
