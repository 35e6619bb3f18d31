/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/identity.h"

#include <string.h>

#include "util/alloc.h"
#include "util/text.h"

/*
 * The image is not trusted and the values go to a terminal: nothing but plain
 * characters is taken over.
 */
static char *value_of(const char *text, const char *name)
{
	size_t n = strlen(name);
	struct line line;

	for (const char *pos = text; text_next_line(&pos, &line);) {
		if (line.len < n + 1 || strncmp(line.start, name, n) != 0 || line.start[n] != '=')
			continue;

		AUTOBUF struct buf value = { 0 };
		for (size_t i = n + 1; i < line.len; i++) {
			char c = line.start[i];

			if (c > ' ' && c < 0x7f && !strchr("'\"\\", c))
				buf_add(&value, &c, 1);
		}
		return xstrdup(buf_text(&value));
	}

	return xstrdup("");
}

int identity_read(struct backend *b, struct identity *ret, struct error *err)
{
	AUTOBUF struct buf content = { 0 };
	bool found;

	int r = backend_read_optional(b, IDENTITY_PATH, &content, &found, err);
	if (r < 0 || !found)
		return r;

	const char *text = buf_text(&content);

	*ret = (struct identity){
		.node = value_of(text, "NODE_NAME"),
		.role = value_of(text, "NODE_ROLE"),
		.cluster = value_of(text, "CLUSTER_NAME"),
		.board = value_of(text, "BOARD"),
		.nib_version = value_of(text, "NIB_VERSION"),
	};
	return 0;
}

void identity_free(struct identity *identity)
{
	free(identity->node);
	free(identity->role);
	free(identity->cluster);
	free(identity->board);
	free(identity->nib_version);
	*identity = (struct identity){ 0 };
}
