/* SPDX-License-Identifier: Apache-2.0 */
#include "template/template.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/file.h"
#include "util/text.h"

enum { MAX_TEMPLATE = 256 << 10, MAX_NAMES = 64 };

const struct source *template_find(const char *const *directories, size_t n_directories,
				   const char *name, struct diags *diags, struct error *err)
{
	AUTOBUF struct buf searched = { 0 };

	for (size_t i = 0; i < n_directories; i++) {
		AUTOBUF struct buf text = { 0 };

		if (!directories[i])
			continue;

		AUTOFREE char *path = xasprintf("%s/%s", directories[i], name);
		if (access(path, F_OK) < 0) {
			buf_addf(&searched, "%s'%s'", searched.len ? ", " : "", directories[i]);
			continue;
		}

		if (file_read(path, MAX_TEMPLATE, &text, NULL, err) < 0)
			return NULL;
		return diags_source(diags, path, TAKE_BUF(text));
	}

	error_set(err, -ENOENT, "no template '%s' in %s", name,
		  searched.len ? buf_text(&searched) : "any directory: none is set");
	return NULL;
}

/** A template that is being rendered. */
struct rendering {
	const struct source *source;
	const struct template_var *vars;
	size_t n_vars;
	struct diags *diags;
	/** Read so far. */
	size_t pos;
	/** Line of pos, from 1, and where it starts. */
	unsigned line;
	size_t line_start;
};

static char peek(const struct rendering *rendering, size_t pos)
{
	const struct buf *text = &rendering->source->text;

	if (pos < text->len)
		return text->data[pos];
	return '\0';
}

static struct location place(const struct rendering *rendering, size_t from, size_t to)
{
	return (struct location){
		.source = rendering->source,
		.line = rendering->line,
		.column = (unsigned)(from - rendering->line_start) + 1,
		.length = (unsigned)(to - from),
	};
}

static bool is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static const struct template_var *find_var(const struct rendering *rendering, const char *name,
					   size_t len)
{
	for (size_t i = 0; i < rendering->n_vars; i++)
		if (strlen(rendering->vars[i].name) == len &&
		    memcmp(rendering->vars[i].name, name, len) == 0)
			return &rendering->vars[i];

	return NULL;
}

static void report_unknown(struct rendering *rendering, size_t from, size_t to)
{
	AUTOFREE char *name = xstrndup(rendering->source->text.data + from, to - from);
	const char *names[MAX_NAMES];
	struct location at = place(rendering, from, to);
	size_t n = 0;

	for (; n < rendering->n_vars && n < MAX_NAMES; n++)
		names[n] = rendering->vars[n].name;

	diag_error(rendering->diags, &at, "no variable named '%s'", name);

	const char *meant = text_suggest(name, names, n);
	if (meant)
		diag_help(rendering->diags, "did you mean '%s'?", meant);
}

/* ":-default" up to the brace; false if that is not what is there. */
static bool skip_default(const struct rendering *rendering, size_t *pos)
{
	if (peek(rendering, *pos) != ':' || peek(rendering, *pos + 1) != '-')
		return false;

	for (*pos += 2; peek(rendering, *pos); (*pos)++)
		if (strchr("}$\n", peek(rendering, *pos)))
			break;
	return true;
}

/* "${...}" at pos, which is left behind it, or behind "${" after a mistake. */
static void render_name(struct rendering *rendering, struct buf *ret)
{
	const char *text = rendering->source->text.data;
	size_t start = rendering->pos, name = start + 2, end = name;

	rendering->pos = name;
	while (is_name_char(peek(rendering, end)))
		end++;

	size_t close = end;
	bool has_default = skip_default(rendering, &close);
	if (end == name || peek(rendering, close) != '}') {
		struct location at = place(rendering, start, close + 1);

		diag_error(rendering->diags, &at,
			   "'${' that is not closed, or with more than a name in it");
		diag_help(rendering->diags,
			  "${NAME} and ${NAME:-default} are replaced; a dollar sign is $$");
		return;
	}

	rendering->pos = close + 1;
	const struct template_var *var = find_var(rendering, text + name, end - name);
	if (!var)
		report_unknown(rendering, name, end);
	else if (has_default && !*var->value)
		buf_add(ret, text + end + 2, close - end - 2);
	else
		buf_adds(ret, var->value);
}

static void render_dollar(struct rendering *rendering, struct buf *ret)
{
	struct location at = place(rendering, rendering->pos, rendering->pos + 1);

	switch (peek(rendering, rendering->pos + 1)) {
	case '{': render_name(rendering, ret); return;
	case '$':
		buf_adds(ret, "$");
		rendering->pos += 2;
		return;
	default:
		diag_error(rendering->diags, &at, "a dollar sign on its own");
		diag_help(rendering->diags, "write $$ for a dollar sign");
		rendering->pos++;
	}
}

static void render_char(struct rendering *rendering, struct buf *ret)
{
	char c = peek(rendering, rendering->pos);

	if (c == '\0') {
		struct location at = place(rendering, rendering->pos, rendering->pos + 1);

		diag_error(rendering->diags, &at, "a 0 byte; templates are text");
	}

	buf_add(ret, &c, 1);
	rendering->pos++;
	if (c == '\n') {
		rendering->line++;
		rendering->line_start = rendering->pos;
	}
}

void template_render(const struct source *source, const struct template_var *vars, size_t n_vars,
		     struct buf *ret, struct diags *diags)
{
	struct rendering rendering = {
		.source = source,
		.vars = vars,
		.n_vars = n_vars,
		.diags = diags,
		.line = 1,
	};

	while (rendering.pos < source->text.len) {
		if (peek(&rendering, rendering.pos) == '$')
			render_dollar(&rendering, ret);
		else
			render_char(&rendering, ret);
	}
}
