/*
 * Writes the files that an index lists: make_corpus GOLDEN_DIR TEST_KEYS INDEX OUT_DIR
 *
 * A line of the index is: file, recipe, device, options, exit code, message; between tabs. Lines
 * that start with '#' and empty ones are skipped. See recipe.h for the words of a recipe.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recipe.h"
#include "util.h"

struct corpus {
    const char *folder;
    const char *test_keys;
    const char *out_dir;
};

static int make_one(const struct corpus *c, const char *name, const char *words)
{
    struct recipe_file f = recipe_make(c->folder, c->test_keys, words);
    char *path = xasprintf("%s/%s", c->out_dir, name);
    FILE *out = fopen(path, "wb");
    bool written = out != NULL && fwrite(f.bytes, 1, f.len, out) == f.len;

    if (out == NULL || fclose(out) != 0 || !written) {
        fprintf(stderr, "make_corpus: cannot write '%s'\n", path);
        written = false;
    }
    free(path);
    free(f.bytes);
    return written ? 0 : 1;
}

static int make_all(const struct corpus *c, FILE *index)
{
    char *line = NULL;
    size_t capacity = 0;
    unsigned count = 0;
    int failed = 0;

    while (failed == 0 && getline(&line, &capacity, index) > 0) {
        char *rest = line;
        const char *name = strsep(&rest, "\t");
        const char *words = strsep(&rest, "\t");

        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (words == NULL || rest == NULL) {
            fprintf(stderr, "make_corpus: no recipe for '%s'\n", name);
            failed = 1;
        } else {
            failed = make_one(c, name, words);
            count++;
        }
    }
    free(line);
    printf("%u files made\n", count);
    return failed;
}

int main(int argc, char **argv)
{
    FILE *index;
    int failed;

    if (argc != 5) {
        fprintf(stderr, "usage: make_corpus GOLDEN_DIR TEST_KEYS INDEX OUT_DIR\n");
        return 2;
    }
    index = fopen(argv[3], "r");
    if (index == NULL) {
        fprintf(stderr, "make_corpus: cannot open '%s'\n", argv[3]);
        return 1;
    }
    failed = make_all(&(struct corpus){argv[1], argv[2], argv[4]}, index);
    fclose(index);
    return failed;
}
