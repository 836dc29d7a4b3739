#include "ops/attention_heads.h"

#include <inttypes.h>

dat_heads dat_heads_of(dat_columns columns, int64_t n_heads, int64_t batch)
{
    const dat_tensor *t = columns.tensor;
    int64_t stride = dat_width(t), rows = t->shape[t->rank - 2];
    return (dat_heads){
        .data = t->data + columns.first,
        .grad = t->grad ? t->grad + columns.first : NULL,
        .stride = stride,
        .item = t->shape[0] == 1 && batch > 1 ? 0 : rows * stride,
        .dim = columns.width / n_heads,
        .rows = rows,
        .width = columns.width,
    };
}

/* Values by distance or by pair are one set of rows for the whole batch. */
static dat_heads values_of(dat_columns columns, const dat_attention_args *args, int64_t batch)
{
    dat_heads values = dat_heads_of(columns, args->n_kv_heads, batch);
    if (args->layout != DAT_SYMBOLS_BY_SENDER) {
        values.item = 0;
        values.rows = dat_rows(columns.tensor);
    }
    return values;
}

static bool check_projection(dat_tape *tape, const dat_node *n, dat_columns columns, const dat_tensor *query)
{
    const dat_tensor *t = columns.tensor;
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (t->rank != 3 || columns.first < 0 || columns.first + columns.width > t->shape[2])
        return dat_fail(
            tape, "%s: %s is %s, expected (batch, length, width) with columns %" PRId64 " to %" PRId64,
            n->op->name, t->name, dat_shape_text(t, left), columns.first, columns.first + columns.width);
    if (t->shape[0] != query->shape[0] && t->shape[0] != 1)
        return dat_fail(tape, "%s: %s is %s but query %s is %s", n->op->name, t->name,
                        dat_shape_text(t, right), query->name, dat_shape_text(query, left));
    bool shared = t->shape[0] == 1 && query->shape[0] > 1;
    return !shared || columns.width == t->shape[2] ||
           dat_fail(tape, "%s: %s is shared by the batch, so all of its %" PRId64 " columns must be used",
                    n->op->name, t->name, t->shape[2]);
}

/* The shape of values by distance or by pair between n queries and m keys. */
static bool check_shared_values(dat_tape *tape, const dat_node *n, dat_columns value,
                                const dat_attention_args *args, int64_t queries, int64_t keys)
{
    const dat_tensor *t = value.tensor;
    char text[DAT_SHAPE_TEXT_SIZE];
    if (value.width != dat_width(t))
        return dat_fail(tape, "%s: %s is shared by the batch, so all of its %" PRId64 " columns must be used",
                        n->op->name, t->name, dat_width(t));
    if (args->layout == DAT_SYMBOLS_BY_PAIR)
        return (t->rank == 3 && t->shape[0] == queries && t->shape[1] == keys) ||
               dat_fail(tape, "%s: values by pair %s is %s, expected (%" PRId64 ", %" PRId64 ", width)",
                        n->op->name, t->name, dat_shape_text(t, text), queries, keys);
    return (t->rank == 2 && args->max_distance >= 0 && t->shape[0] == 2 * args->max_distance + 1) ||
           dat_fail(
               tape,
               "%s: values by distance %s is %s, expected (2 max_distance + 1, width) with max_distance = "
               "%" PRId64,
               n->op->name, t->name, dat_shape_text(t, text), args->max_distance);
}

static bool check_values(dat_tape *tape, const dat_node *n, const dat_tensor *query, const dat_tensor *key,
                         dat_columns value, const dat_attention_args *args)
{
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (args->layout != DAT_SYMBOLS_BY_SENDER)
        return check_shared_values(tape, n, value, args, query->shape[1], key->shape[1]);
    if (!check_projection(tape, n, value, query))
        return false;
    return key->shape[1] == value.tensor->shape[1] ||
           dat_fail(tape, "%s: key %s is %s but value %s is %s", n->op->name, key->name,
                    dat_shape_text(key, left), value.tensor->name, dat_shape_text(value.tensor, right));
}

static bool check_heads(dat_tape *tape, const dat_node *n, dat_columns query, dat_columns key,
                        dat_columns value, const dat_attention_args *args)
{
    const char *op = n->op->name;
    if (args->n_heads < 1 || args->n_kv_heads < 1 || args->n_heads % args->n_kv_heads)
        return dat_fail(tape, "%s: n_heads = %" PRId64 " is not a multiple of n_kv_heads = %" PRId64, op,
                        args->n_heads, args->n_kv_heads);
    char left[DAT_SHAPE_TEXT_SIZE], right[DAT_SHAPE_TEXT_SIZE];
    if (query.width % args->n_heads || key.width % args->n_kv_heads ||
        query.width / args->n_heads != key.width / args->n_kv_heads)
        return dat_fail(tape,
                        "%s: %" PRId64 " heads in %" PRId64 " columns of query %s %s do not match %" PRId64
                        " heads in %" PRId64 " columns of key %s %s",
                        op, args->n_heads, query.width, query.tensor->name,
                        dat_shape_text(query.tensor, left), args->n_kv_heads, key.width, key.tensor->name,
                        dat_shape_text(key.tensor, right));
    if (value.width % args->n_kv_heads)
        return dat_fail(tape, "%s: %" PRId64 " columns of value %s %s do not split into %" PRId64 " heads",
                        op, value.width, value.tensor->name, dat_shape_text(value.tensor, left),
                        args->n_kv_heads);
    return true;
}

static bool check_lengths(dat_tape *tape, const dat_node *n, const dat_head_sizes *s)
{
    for (int64_t b = 0; b < s->batch; b++)
        if (dat_key_length(s, b) < 0 || dat_key_length(s, b) > s->m)
            return dat_fail(tape,
                            "%s: key length %" PRId64 " of batch item %" PRId64
                            " must be from 0 to the %" PRId64 " keys that there are",
                            n->op->name, dat_key_length(s, b), b, s->m);
    return true;
}

bool dat_head_sizes_check(dat_tape *tape, const dat_node *n, dat_columns query, dat_columns key,
                          dat_columns value, const dat_attention_args *args, dat_head_sizes *sizes)
{
    const char *op = n->op->name;
    if (!check_projection(tape, n, query, query.tensor) || !check_projection(tape, n, key, query.tensor) ||
        !check_values(tape, n, query.tensor, key.tensor, value, args) ||
        !check_heads(tape, n, query, key, value, args))
        return false;
    int64_t queries = query.tensor->shape[1], keys = key.tensor->shape[1];
    if (args->first_query < 0)
        return dat_fail(tape, "%s: first_query = %" PRId64 " is not a position", op, args->first_query);
    if (args->causal && args->first_query + queries > keys)
        return dat_fail(tape,
                        "%s: causal attention of %" PRId64 " queries from position %" PRId64
                        " on needs a key for each of them, not %" PRId64 " keys",
                        op, queries, args->first_query, keys);
    if (!(args->dropout >= 0 && args->dropout < 1))
        return dat_fail(tape, "%s: dropout is %g, expected 0 <= rate < 1", op, args->dropout);
    *sizes = dat_head_sizes_of(query, key, value, args);
    return check_lengths(tape, n, sizes);
}

dat_head_sizes dat_head_sizes_of(dat_columns query, dat_columns key, dat_columns value,
                                 const dat_attention_args *args)
{
    int64_t batch = query.tensor->shape[0];
    return (dat_head_sizes){
        .batch = batch,
        .n = query.tensor->shape[1],
        .m = key.tensor->shape[1],
        .n_heads = args->n_heads,
        .n_kv_heads = args->n_kv_heads,
        .key_dim = query.width / args->n_heads,
        .head_dim = value.width / args->n_kv_heads,
        .query = dat_heads_of(query, args->n_heads, batch),
        .key = dat_heads_of(key, args->n_kv_heads, batch),
        .value = values_of(value, args, batch),
        .layout = args->layout,
        .max_distance = args->max_distance,
        .causal = args->causal,
        .key_lengths = args->key_lengths,
        .first_query = args->first_query,
    };
}

/* Of one head of batch item b. With causality the first receivers see fewer keys than there are. */
static double pairs_of_item(const dat_head_sizes *s, int64_t b)
{
    int64_t length = dat_key_length(s, b), early = s->causal ? length - s->first_query : 0;
    early = early < 0 ? 0 : early < s->n ? early : s->n;
    double n_early = (double)early, n_late = (double)(s->n - early);
    return n_early * ((double)s->first_query + 0.5 * (n_early + 1)) + n_late * (double)length;
}

double dat_head_pairs(const dat_head_sizes *s)
{
    double pairs = 0;
    for (int64_t b = 0; b < s->batch; b++)
        pairs += pairs_of_item(s, b);
    return (double)s->n_heads * pairs;
}
