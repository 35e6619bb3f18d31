/* SPDX-License-Identifier: Apache-2.0 */
#include "util/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/alloc.h"
#include "util/print.h"
#include "util/text.h"

enum {
	/** More findings than anybody reads come from a file that is no cluster file at all. */
	MAX_KEPT = 200,
	/** Of a longer line, this much is shown around the place. */
	MAX_SHOWN = 160,
};

/* clang-format off */
static const struct {
	const char *name, *color;
} severities[] = {
	[DIAG_ERROR]   = { "error",   "\033[1;31m" },
	[DIAG_WARNING] = { "warning", "\033[1;33m" },
};
/* clang-format on */

const struct source *diags_source(struct diags *diags, const char *name, struct buf text)
{
	/* Templates are read again for every node; their text is kept once. */
	for (size_t i = 0; i < diags->n_sources; i++) {
		const struct source *known = diags->sources[i];

		if (strcmp(known->name, name) == 0 && buf_equal(&known->text, &text)) {
			buf_free(&text);
			return known;
		}
	}

	struct source *source = xcalloc(1, sizeof(*source));

	*source = (struct source){ .name = xstrdup(name), .text = text };
	*ARRAY_ADD(diags->sources, diags->n_sources) = source;
	return source;
}

/* Of what has the form of a secret, wherever it was quoted from, a message keeps no more than that.
 */
static char *hide_forms(char *message)
{
	static const char *const forms[] = { "AGE-SECRET-KEY-", "$y$", "$6$" };
	enum { MIN_SECRET = 8 };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *form = strcasestr(message, forms[i]);
		size_t skip = strlen(forms[i]);

		for (; form; form = strcasestr(form + skip, forms[i])) {
			size_t len = strcspn(form + skip, " '\",.");

			if (len >= MIN_SECRET)
				memset(form + skip, '*', len);
		}
	}

	return message;
}

static bool same(const struct diag *a, enum severity severity, const struct location *at,
		 const char *message)
{
	return a->severity == severity && a->at.source == at->source && a->at.line == at->line &&
	       a->at.column == at->column && strcmp(a->message, message) == 0;
}

static void add(struct diags *diags, enum severity severity, const struct location *at,
		char *message)
{
	static const struct location nowhere = { 0 };

	if (!at)
		at = &nowhere;

	/* Defaults are merged into every node, so one mistake there is met many times. */
	for (size_t i = 0; i < diags->count; i++) {
		if (same(&diags->list[i], severity, at, message)) {
			diags->last_known = true;
			free(message);
			return;
		}
	}

	diags->errors += severity == DIAG_ERROR;
	diags->last_known = diags->count >= MAX_KEPT;
	if (diags->last_known) {
		diags->dropped++;
		free(message);
		return;
	}

	*ARRAY_ADD(diags->list, diags->count) =
		(struct diag){ .severity = severity, .at = *at, .message = message };
}

void diag_error(struct diags *diags, const struct location *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, DIAG_ERROR, at, hide_forms(xvasprintf(format, args)));
	va_end(args);
}

void diag_warning(struct diags *diags, const struct location *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, DIAG_WARNING, at, hide_forms(xvasprintf(format, args)));
	va_end(args);
}

void diag_help(struct diags *diags, const char *format, ...)
{
	va_list args;

	if (diags->last_known || !diags->count)
		return;

	va_start(args, format);
	char *help = hide_forms(xvasprintf(format, args));
	va_end(args);

	struct diag *last = &diags->list[diags->count - 1];
	free(last->help);
	last->help = help;
}

void diags_hide(struct diags *diags, const struct location *at)
{
	*ARRAY_ADD(diags->hidden, diags->n_hidden) = *at;
}

bool diags_hides(const struct diags *diags, const struct location *at)
{
	for (size_t i = 0; i < diags->n_hidden; i++)
		if (diags->hidden[i].source == at->source && diags->hidden[i].line == at->line &&
		    diags->hidden[i].column == at->column)
			return true;

	return false;
}

static bool find_line(const struct source *source, unsigned number, struct line *ret)
{
	const char *pos = buf_text(&source->text);

	for (unsigned i = 0; i < number; i++)
		if (!text_next_line(&pos, ret))
			return false;

	return number > 0;
}

/* Tabs are repeated below the line, so that the mark stands where a terminal shows the text. */
static void print_mark(FILE *to, const struct line *line, const struct location *at)
{
	size_t start = at->column ? at->column - 1 : 0;
	size_t length = at->length ? at->length : 1;

	if (start > line->len)
		start = line->len;
	if (length > line->len - start)
		length = line->len > start ? line->len - start : 1;

	for (size_t i = 0; i < start; i++) {
		/* Continuation bytes of UTF-8 take no column of their own. */
		if (((unsigned char)line->start[i] & 0xc0) != 0x80)
			fputc(line->start[i] == '\t' ? '\t' : ' ', to);
	}
	for (size_t i = 0; i < length; i++)
		if (start + i >= line->len ||
		    ((unsigned char)line->start[start + i] & 0xc0) != 0x80)
			fputc('^', to);
}

static bool is_line_hidden(const struct diags *diags, const struct location *at)
{
	for (size_t i = 0; i < diags->n_hidden; i++)
		if (diags->hidden[i].source == at->source &&
		    (diags->hidden[i].line == at->line || diags->hidden[i].line == 0))
			return true;

	return false;
}

/* Leave of a long line what stands around the place; the place moves along. */
static void shorten(struct line *line, struct location *at)
{
	size_t column = at->column ? at->column - 1 : 0;
	size_t cut = column > MAX_SHOWN / 2 ? column - MAX_SHOWN / 2 : 0;

	if (line->len <= MAX_SHOWN || column > line->len)
		cut = 0;
	while (cut < column && ((unsigned char)line->start[cut] & 0xc0) == 0x80)
		cut++;

	line->start += cut;
	line->len -= cut;
	at->column -= (unsigned)cut;
	if (line->len > MAX_SHOWN)
		line->len = MAX_SHOWN;
	while (line->len && ((unsigned char)line->start[line->len] & 0xc0) == 0x80)
		line->len--;
}

/* A net below all else: what has the form of a secret is not shown, wherever it was found. */
static bool looks_secret(const struct line *line)
{
	static const char *const forms[] = { "AGE-SECRET-KEY-", "-----BEGIN", "$y$",      "$6$",
					     "password:",       "token:",     "key: LS0t" };
	AUTOFREE char *text = xstrndup(line->start, line->len);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (strcasestr(text, forms[i]))
			return true;

	return false;
}

static void print_excerpt(FILE *to, const struct diags *diags, const struct diag *diag)
{
	struct location at = diag->at;
	struct line line;

	if (!diag->at.source || is_line_hidden(diags, &diag->at) ||
	    !find_line(diag->at.source, diag->at.line, &line))
		return;
	if (looks_secret(&line))
		return;
	if (line.len && line.start[line.len - 1] == '\r')
		line.len--;
	shorten(&line, &at);

	AUTOFREE char *text = xstrndup(line.start, line.len);

	fprintf(to, "%6u | ", at.line);
	print_text(to, text);
	fprintf(to, "\n       | ");
	print_mark(to, &line, &at);
	fputc('\n', to);
}

static char *place_of(const struct diag *diag)
{
	const struct source *source = diag->at.source;

	if (!source)
		return xstrdup("nib");
	if (!diag->at.line)
		return xstrdup(source->name);
	return xasprintf("%s:%u:%u", source->name, diag->at.line, diag->at.column);
}

static void print_diag(FILE *to, const struct diags *diags, const struct diag *diag, bool color)
{
	AUTOFREE char *place = place_of(diag);

	text_make_printable(place);
	fprintf(to, "%s: %s%s%s: ", place, color ? severities[diag->severity].color : "",
		severities[diag->severity].name, color ? "\033[0m" : "");
	print_line(to, "%s", diag->message);
	print_excerpt(to, diags, diag);
	if (diag->help)
		print_line(to, "       = help: %s", diag->help);
}

static int compare(const void *a, const void *b)
{
	const struct diag *x = *(const struct diag *const *)a, *y = *(const struct diag *const *)b;
	const char *xs = x->at.source ? x->at.source->name : "";
	const char *ys = y->at.source ? y->at.source->name : "";
	int order = strcmp(xs, ys);

	if (order == 0)
		order = (x->at.line > y->at.line) - (x->at.line < y->at.line);
	if (order == 0)
		order = (x->at.column > y->at.column) - (x->at.column < y->at.column);
	if (order == 0)
		order = (x > y) - (x < y);
	return order;
}

void diags_print(const struct diags *diags, FILE *to, bool color, bool warnings)
{
	AUTOFREE const struct diag **sorted = xcalloc(diags->count, sizeof(*sorted));

	for (size_t i = 0; i < diags->count; i++)
		sorted[i] = &diags->list[i];
	qsort(sorted, diags->count, sizeof(*sorted), compare);

	for (size_t i = 0; i < diags->count; i++)
		if (warnings || sorted[i]->severity == DIAG_ERROR)
			print_diag(to, diags, sorted[i], color);

	if (diags->dropped)
		fprintf(to, "nib: %zu more findings are not shown\n", diags->dropped);
}

void diags_free(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		free(diags->list[i].message);
		free(diags->list[i].help);
	}
	free(diags->list);

	for (size_t i = 0; i < diags->n_sources; i++) {
		free(diags->sources[i]->name);
		buf_free(&diags->sources[i]->text);
		free(diags->sources[i]);
	}
	free(diags->sources);
	free(diags->hidden);

	*diags = (struct diags){ 0 };
}
