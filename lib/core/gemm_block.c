/* A block of C stays in registers while its sum runs; the panel of B that it meets stays in the first cache,
 * packed (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008, without the outer
 * loops: A and C are small). Block sizes are compile-time constants: the loops over a block unroll
 * completely. */
#include "core/gemm_block.h"

#include "core/lanes.h"

/* A block is ROWS by PANEL: its sums, a row of B and a value of A fill the sixteen vector registers of most
 * machines. A panel has at most DEPTH rows. */
enum { ROWS = 6, PANEL = 2 * LANES, DEPTH = 256 };

enum { CACHE_LINE = 64 / sizeof(dat_real) };

/* For fewer rows of C, packing a panel costs more than reading it where it is. */
enum { WORTH_PACKING = 32 };

typedef struct block_product {
    dat_real alpha;
    const dat_real *a; /* element (i, l) at i a_row + l a_column */
    int64_t a_row, a_column;
    const dat_real *b; /* element (l, j) at l b_row + j b_column */
    int64_t b_row, b_column;
    const dat_real *start;
    int64_t start_stride;
    dat_real *c;
    int64_t c_stride;
} block_product;

/* Some columns of B, as rows of PANEL values, and where they go in C. */
typedef struct panel {
    const dat_real *rows;
    int64_t stride;
    int64_t first, columns;
    int64_t depth;
} panel;

/* C[i.., the panel's columns] = alpha sums + start, where the sums are whole vectors of columns. */
INLINE void store_whole(const block_product *p, const panel *b, int64_t i, int rows, int vectors,
                        const lanes *sums)
{
    dat_real alpha = p->alpha, *c = p->c + i * p->c_stride + b->first;
    int64_t c_stride = p->c_stride, start_stride = p->start_stride;
    if (!p->start) {
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < vectors; v++)
                lanes_store(c + r * c_stride + v * LANES, alpha * sums[r * vectors + v]);
        return;
    }
    const dat_real *start = p->start + i * start_stride + b->first;
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            lanes_store(c + r * c_stride + v * LANES,
                        alpha * sums[r * vectors + v] + lanes_load(start + r * start_stride + v * LANES));
}

/* The same where the last vector is cut off. */
INLINE void store_cut(const block_product *p, const panel *b, int64_t i, int rows, int vectors,
                      const lanes *sums)
{
    for (int r = 0; r < rows; r++) {
        dat_real row[PANEL] = {0}, *c = p->c + (i + r) * p->c_stride + b->first;
        const dat_real *start = p->start ? p->start + (i + r) * p->start_stride + b->first : NULL;
        for (int v = 0; v < vectors; v++)
            lanes_store(row + v * LANES, p->alpha * sums[r * vectors + v]);
        for (int64_t j = 0; j < b->columns; j++)
            c[j] = start ? start[j] + row[j] : row[j];
    }
}

/* Asks for what the next block reads and writes that the first cache may not have: rows of A, which the first
 * panel brings in, and of C. */
INLINE void prefetch_next(const block_product *p, const panel *b, int64_t i, int rows)
{
    const dat_real *a = p->a + (i + rows) * p->a_row, *c = p->c + (i + rows) * p->c_stride + b->first;
    for (int r = 0; r < rows; r++) {
        __builtin_prefetch(c + r * p->c_stride, 1);
        for (int64_t l = 0; l < b->depth && b->first == 0 && p->a_column == 1; l += CACHE_LINE)
            __builtin_prefetch(a + r * p->a_row + l);
    }
}

INLINE void multiply_block(const block_product *p, const panel *b, int64_t i, int rows, int vectors)
{
    lanes sums[ROWS * PANEL / LANES];
    for (int k = 0; k < rows * vectors; k++)
        sums[k] = (lanes){0};
    prefetch_next(p, b, i, rows);
    const dat_real *left = p->a + i * p->a_row, *right = b->rows;
    for (int64_t l = 0; l < b->depth; l++, left += p->a_column, right += b->stride) {
        lanes row[PANEL / LANES];
        for (int v = 0; v < vectors; v++)
            row[v] = lanes_load(right + v * LANES);
        for (int r = 0; r < rows; r++)
            for (int v = 0; v < vectors; v++)
                sums[r * vectors + v] += left[r * p->a_row] * row[v];
    }
    if (b->columns == vectors * LANES)
        store_whole(p, b, i, rows, vectors, sums);
    else
        store_cut(p, b, i, rows, vectors, sums);
}

/* All rows of C, in the panel's columns. */
INLINE void multiply_rows(const block_product *p, const panel *b, int64_t m, int vectors)
{
    int64_t i = 0;
    for (; i + ROWS <= m; i += ROWS)
        multiply_block(p, b, i, ROWS, vectors);
    switch (m - i) {
    case 5:
        multiply_block(p, b, i, 5, vectors);
        break;
    case 4:
        multiply_block(p, b, i, 4, vectors);
        break;
    case 3:
        multiply_block(p, b, i, 3, vectors);
        break;
    case 2:
        multiply_block(p, b, i, 2, vectors);
        break;
    case 1:
        multiply_block(p, b, i, 1, vectors);
        break;
    default:
        break;
    }
}

/* rows (depth, PANEL) = the panel's columns of B, and zeros after the last one. */
static void pack_panel(const block_product *p, const panel *to_pack, dat_real *rows)
{
    const dat_real *b = p->b + to_pack->first * p->b_column;
    int64_t done = 0;
    if (p->b_column == 1 && to_pack->columns == PANEL) {
        for (; done < to_pack->depth; done++)
            for (int v = 0; v < PANEL; v += LANES)
                lanes_store(rows + done * PANEL + v, lanes_load(b + done * p->b_row + v));
    } else if (p->b_row == 1 && to_pack->columns == PANEL) {
        for (; done + LANES <= to_pack->depth; done += LANES)
            for (int v = 0; v < PANEL; v += LANES)
                lanes_transpose(b + v * p->b_column + done, p->b_column, rows + done * PANEL + v, PANEL);
    }
    for (; done < to_pack->depth; done++)
        for (int64_t j = 0; j < PANEL; j++)
            rows[done * PANEL + j] = j < to_pack->columns ? b[done * p->b_row + j * p->b_column] : 0;
}

static void multiply_panel(const block_product *p, int64_t m, panel b)
{
    dat_real packed[DEPTH * PANEL];
    if (m >= WORTH_PACKING || p->b_column != 1 || b.columns < PANEL) {
        pack_panel(p, &b, packed);
        b.rows = packed;
        b.stride = PANEL;
    }
    if (b.columns > LANES)
        multiply_rows(p, &b, m, PANEL / LANES);
    else
        multiply_rows(p, &b, m, 1);
}

void dat_gemm_blocks(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     const dat_real *start, int64_t start_stride, dat_real *c, int64_t c_stride)
{
    block_product p = {
        .alpha = alpha,
        .a = a.data,
        .a_row = a.transposed ? 1 : a.stride,
        .a_column = a.transposed ? a.stride : 1,
        .b = b.data,
        .b_row = b.transposed ? 1 : b.stride,
        .b_column = b.transposed ? b.stride : 1,
        .start = start,
        .start_stride = start_stride,
        .c = c,
        .c_stride = c_stride,
    };
    for (int64_t l = 0; l == 0 || l < k; l += DEPTH) {
        int64_t depth = k - l < DEPTH ? k - l : DEPTH;
        for (int64_t j = 0; j < n; j += PANEL)
            multiply_panel(&p, m, (panel){p.b + j, p.b_row, j, n - j < PANEL ? n - j : PANEL, depth});
        p.a += depth * p.a_column;
        p.b += depth * p.b_row;
        p.start = c;
        p.start_stride = c_stride;
    }
}
