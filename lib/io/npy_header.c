/* A strict parser of .npy headers, for C-ordered arrays of bool and integers. */
#include "io/npy_header.h"

#include <inttypes.h>
#include <string.h>

static const int64_t MAX_COUNT = INT64_C(1) << 31;

dat_status dat_npy_prefix_size(const unsigned char *prefix, int64_t *size)
{
    if (memcmp(prefix, "\x93NUMPY", 6) != 0)
        return dat_failure("does not start with the .npy signature");
    int major = prefix[6], minor = prefix[7];
    if (major < 1 || major > 3 || minor != 0)
        return dat_failure("has .npy version %d.%d, expected 1.0, 2.0 or 3.0", major, minor);
    *size = major == 1 ? DAT_NPY_PREFIX_MIN : DAT_NPY_PREFIX_MAX;
    return DAT_OK;
}

dat_status dat_npy_text_size(const unsigned char *prefix, int64_t file_size, int64_t *size)
{
    int64_t prefix_size = prefix[6] == 1 ? DAT_NPY_PREFIX_MIN : DAT_NPY_PREFIX_MAX;
    *size = 0;
    for (int64_t i = prefix_size - 1; i >= 8; i--)
        *size = *size << 8 | prefix[i];
    if (*size > file_size - prefix_size)
        return dat_failure("claims a header of %" PRId64 " bytes but has only %" PRId64 " left", *size,
                           file_size - prefix_size);
    if (*size > DAT_NPY_HEADER_MAX)
        return dat_failure("claims a header of %" PRId64 " bytes, expected at most %d", *size,
                           DAT_NPY_HEADER_MAX);
    return DAT_OK;
}

/* What is left of the text. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n'))
        c->at++;
}

/* Takes `token` if it comes next. */
static bool take(cursor *c, const char *token)
{
    size_t length = strlen(token);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, token, length) != 0)
        return false;
    c->at += length;
    return true;
}

static bool next_is(cursor *c, char character)
{
    skip_space(c);
    return c->at < c->end && *c->at == character;
}

/* Takes a decimal integer of at most MAX_COUNT; -1 for a larger one, -2 for something else. */
static int64_t take_integer(cursor *c)
{
    skip_space(c);
    if (c->at == c->end || *c->at < '0' || *c->at > '9')
        return -2;
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        value = value < 0 || value > MAX_COUNT ? -1 : value * 10 + (*c->at - '0');
    return value > MAX_COUNT ? -1 : value;
}

/* '<i8', '|u1', ...: byte order, kind, size. */
static dat_status parse_descr(cursor *c, dat_npy_header *header)
{
    skip_space(c);
    const char *start = c->at;
    if (take(c, "'") && c->end - c->at >= 4 && c->at[3] == '\'') {
        char order = c->at[0], kind = c->at[1], size = c->at[2];
        bool known_order = order == '<' || order == '>' || (order == '|' && size == '1');
        bool integer =
            (kind == 'i' || kind == 'u') && (size == '1' || size == '2' || size == '4' || size == '8');
        if (known_order && (integer || (kind == 'b' && size == '1'))) {
            header->big_endian = order == '>';
            header->is_signed = kind == 'i';
            header->item_size = size - '0';
            c->at += 4;
            return DAT_OK;
        }
    }
    int shown = 0;
    while (shown < 40 && start + shown < c->end && start[shown] >= ' ' && start[shown] <= '~' &&
           start[shown] != ',')
        shown++;
    return dat_failure("has values of type %.*s, expected bool or integers such as '<i8' or '|u1'", shown,
                       start);
}

static dat_status parse_order(cursor *c)
{
    if (take(c, "False"))
        return DAT_OK;
    if (take(c, "True"))
        return dat_failure(
            "is in Fortran order, expected C order; save it again from numpy.ascontiguousarray");
    return dat_failure("has a header whose fortran_order is neither True nor False");
}

/* (), (5000,), (5000, 1), ... */
static dat_status parse_shape(cursor *c, dat_npy_header *header)
{
    dat_npz_shape *shape = &header->shape;
    if (!take(c, "("))
        return dat_failure("has a header whose shape is not a tuple");
    header->count = 1;
    for (shape->rank = 0; !take(c, ")"); shape->rank++) {
        int64_t size = take_integer(c);
        if (size == -2)
            return dat_failure("has a header whose shape is not a tuple of sizes");
        if (shape->rank == DAT_NPZ_MAX_RANK)
            return dat_failure("has more than %d dimensions", DAT_NPZ_MAX_RANK);
        if (size == -1 || (size > 0 && header->count > MAX_COUNT / size))
            return dat_failure("has a shape with more than %" PRId64 " values", MAX_COUNT);
        shape->size[shape->rank] = size;
        header->count *= size;
        if (!take(c, ",") && !next_is(c, ')'))
            return dat_failure("has a header whose shape is not a tuple of sizes");
    }
    for (int i = shape->rank; i < DAT_NPZ_MAX_RANK; i++)
        shape->size[i] = 1;
    return DAT_OK;
}

static dat_status malformed(void)
{
    return dat_failure(
        "has a malformed header, expected {'descr': ..., 'fortran_order': False, 'shape': (...), }");
}

dat_status dat_npy_header_parse(const char *text, int64_t size, dat_npy_header *header)
{
    cursor c = {text, text + size};
    bool descr = false, order = false, shape = false;
    *header = (dat_npy_header){0};
    if (!take(&c, "{"))
        return malformed();
    while (!take(&c, "}")) {
        if (!descr && (descr = take(&c, "'descr':")))
            DAT_TRY(parse_descr(&c, header));
        else if (!order && (order = take(&c, "'fortran_order':")))
            DAT_TRY(parse_order(&c));
        else if (!shape && (shape = take(&c, "'shape':")))
            DAT_TRY(parse_shape(&c, header));
        else
            return malformed();
        if (!take(&c, ",") && !next_is(&c, '}'))
            return malformed();
    }
    skip_space(&c);
    if (c.at != c.end || !(descr && order && shape))
        return malformed();
    return DAT_OK;
}
