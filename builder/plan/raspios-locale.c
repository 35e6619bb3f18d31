/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "plan/raspios-parts.h"
#include "plan/shellvars.h"
#include "util/alloc.h"
#include "util/text.h"

/* Keyboard layouts of the console too: console-setup translates them. */
#define LAYOUTS "/usr/share/X11/xkb/symbols"

/* Whether a value has only letters, digits and some more characters. */
static bool is_plain(const char *value, const char *more)
{
	for (const char *p = value; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(more, *p))
			return false;

	return *value != '\0';
}

static int plan_timezone(struct raspios *r, struct error *err)
{
	const struct text *zone = &r->node->timezone;
	struct buf name = { 0 };
	struct file_stat st;
	bool exists = false;

	if (!zone->value)
		return 0;

	AUTOFREE char *path = xasprintf("/usr/share/zoneinfo/%s", zone->value);
	if (is_plain(zone->value, "/_+-") && zone->value[0] != '/') {
		int code = backend_stat_optional(r->b, path, &st, &exists, err);
		if (code < 0)
			return code;
	}
	if (!exists || st.type == FILE_DIRECTORY) {
		diag_error(r->diags, &zone->at, "the image has no time zone '%s'", zone->value);
		diag_help(r->diags, "a name below /usr/share/zoneinfo, as in 'Europe/Berlin'");
		return 0;
	}

	buf_addf(&name, "%s\n", zone->value);
	plan_symlink(r->plan, "/etc/localtime", path, "time zone");
	plan_write(r->plan, "/etc/timezone", name, ATTR_ROOT_0644, "time zone");
	return 0;
}

/* Locales that glibc has built in. */
static bool is_builtin(const char *locale)
{
	static const char *const names[] = { "C", "POSIX", "C.UTF-8", "C.utf8" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(locale, names[i]) == 0)
			return true;

	return false;
}

/* "en_GB.UTF-8 UTF-8" in locale.gen gives "en_GB.UTF-8". */
static int is_generated(struct raspios *r, const char *locale, bool *ret, struct buf *all,
			struct error *err)
{
	AUTOIMAGETEXT struct imagetext list = { 0 };
	struct line line;

	int code = imagetext_read(r->b, "/etc/locale.gen", IMAGETEXT_MAX, &list, err);
	if (code < 0)
		return code;

	buf_adds(all, "C.UTF-8");
	for (const char *pos = buf_text(&list.text); text_next_line(&pos, &line);) {
		AUTOFREE char *text = xstrndup(line.start, line.len);

		text[strcspn(text, " \t\r")] = '\0';
		if (!is_plain(text, "_.@-"))
			continue;
		buf_addf(all, ", %s", text);
		*ret = *ret || strcmp(text, locale) == 0;
	}
	return 0;
}

static int plan_locale(struct raspios *r, struct error *err)
{
	const struct text *locale = &r->node->locale;
	AUTOIMAGETEXT struct imagetext file = { 0 };
	AUTOBUF struct buf all = { 0 };
	AUTOFREE char *text = NULL;
	bool generated = false;

	if (!locale->value)
		return 0;
	if (!is_plain(locale->value, "_.@-")) {
		diag_error(r->diags, &locale->at, "'%s' is not a locale", locale->value);
		return 0;
	}

	int code = is_generated(r, locale->value, &generated, &all, err);
	if (code == 0)
		code = imagetext_read(r->b, "/etc/default/locale", IMAGETEXT_MAX, &file, err);
	if (code < 0)
		return code;

	if (!generated && !is_builtin(locale->value)) {
		diag_warning(r->diags, &locale->at, "the image has no locale '%s'", locale->value);
		diag_help(r->diags, "it has %s; programs fall back to C", buf_text(&all));
	}

	shellvars_set(buf_text(&file.text), "LANG", locale->value, &text);
	raspios_rewrite(r, &file, text, "locale");
	return 0;
}

/* Without the layouts in the image there is no keyboard set up by them either: any name will do. */
static int has_layout(struct raspios *r, const char *layout, bool *ret, struct error *err)
{
	AUTOFREE char *path = xasprintf(LAYOUTS "/%s", layout);
	struct file_stat st;
	bool exists, has_list;

	int code = backend_stat_optional(r->b, path, &st, &exists, err);
	if (code == 0)
		code = backend_exists(r->b, LAYOUTS, &has_list, err);
	if (code == 0)
		*ret = !has_list || (exists && st.type != FILE_DIRECTORY);
	return code;
}

static int plan_keymap(struct raspios *r, struct error *err)
{
	const struct text *keymap = &r->node->keymap;
	AUTOIMAGETEXT struct imagetext file = { 0 };
	AUTOFREE char *text = NULL;
	bool known = false;

	if (!keymap->value)
		return 0;
	if (!is_plain(keymap->value, "_-")) {
		diag_error(r->diags, &keymap->at, "'%s' is not a keyboard layout", keymap->value);
		diag_help(r->diags, "as in 'us', 'de' or 'gb'");
		return 0;
	}

	int code = has_layout(r, keymap->value, &known, err);
	if (code < 0)
		return code;
	if (!known) {
		diag_error(r->diags, &keymap->at, "the image has no keyboard layout '%s'",
			   keymap->value);
		diag_help(r->diags, "a name in " LAYOUTS ", as in 'us', 'de' or 'gb'");
		return 0;
	}

	code = imagetext_read(r->b, "/etc/default/keyboard", IMAGETEXT_MAX, &file, err);
	if (code < 0)
		return code;

	AUTOFREE char *quoted = xasprintf("\"%s\"", keymap->value);
	shellvars_set(buf_text(&file.text), "XKBLAYOUT", quoted, &text);
	raspios_rewrite(r, &file, text, "keyboard");
	return 0;
}

int raspios_locale(struct raspios *r, struct error *err)
{
	int code = plan_timezone(r, err);
	if (code == 0)
		code = plan_locale(r, err);
	if (code == 0)
		code = plan_keymap(r, err);
	return code;
}
