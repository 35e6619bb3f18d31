/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/block.h"

#include <errno.h>
#include <stdbool.h>

#include "util/alloc.h"
#include "util/buf.h"
#include "util/text.h"

static const char begin[] = "# nib: begin";
static const char end[] = "# nib: end";

int block_set(const char *text, const char *body, char **ret, struct error *err)
{
	AUTOBUF struct buf out = { 0 };
	bool inside = false;
	struct line line;

	while (text_next_line(&text, &line)) {
		if (line_is(&line, begin)) {
			inside = true;
		} else if (line_is(&line, end)) {
			inside = false;
		} else if (!inside) {
			buf_add(&out, line.start, line.len);
			buf_adds(&out, "\n");
		}
	}

	/* To drop the rest of the file would be a guess. */
	if (inside)
		return error_set(err, -EINVAL, "there is a line '%s' without a '%s'", begin, end);

	if (*body)
		buf_addf(&out, "%s\n%s%s\n", begin, body, end);
	*ret = xstrdup(buf_text(&out));
	return 0;
}
