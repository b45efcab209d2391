/* Forward pass of MiniLM with int8 weights: token ids in, unit vectors out.
 *
 * The same computation as NumpyForward in minilm.py, and the same bytes. Both keep to three rules:
 *
 *  - Products are summed as integers. Weights are int8, activations are rounded to whole numbers
 *    with a scale for each row, and no sum leaves 31 bits, so the order of a sum doesn't matter.
 *  - All else is float32 with + - * / and sqrt, which IEEE 754 defines to the last bit, in an order
 *    that is written here and there. No FMA (-ffp-contract=off), no library function but sqrtf.
 *  - Sums of floats fold: the upper half of a row onto the lower until three are left.
 *
 * Whatever the pointers hold, nothing is read or written out of bounds and no conversion is
 * undefined: ids and lengths are checked, values are clamped before they become integers.
 */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if !defined(FLT_EVAL_METHOD) || FLT_EVAL_METHOD != 0
#error "float is computed with more bits here; faqbot uses numpy instead"
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#define PUBLIC __attribute__((visibility("default")))
#else
#define INLINE static inline
#define PUBLIC
#endif

/* The file is compiled once for any processor, with the public functions, and once more for each
 * level of x86-64 that the compiler knows, with FAQBOT_LEVEL as its name. */
#if defined(FAQBOT_LEVEL)
#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)
#define ENCODE NAME(faqbot_encode_, FAQBOT_LEVEL)
#else
#define ENCODE faqbot_encode_base
#endif

enum {
    HIDDEN = 384,
    INNER = 1536,
    HEADS = 12,
    HEAD = HIDDEN / HEADS,
    LAYERS = 6,
    LONGEST = 128, /* tokens of a text */
    PACK = 256,    /* tokens that are encoded together: weights are read once for all of them */
    BLOCK = 4,     /* rows of weights that are multiplied at a time */

    LEVELS = 960,       /* of an activation */
    SCORE_LEVELS = 720, /* of a query and a key: 32 products stay below 2^24 */
    SHARE_LEVELS = 16383
};

static const float SMALLEST = 1e-20f; /* stands for the largest value of a row of zeros */
static const float ROUND = 12582912.0f; /* 1.5 * 2^23: what is added to it becomes whole */

enum { OK = 0, BAD_TOKEN = 1, BAD_LENGTH = 2, NO_MEMORY = 3 };

/* The structures hold pointers only, in the order of TENSORS in minilm.py. */
typedef struct {
    const int8_t *weight; /* [outputs][inputs] */
    const float *scale;   /* [outputs] */
    const float *bias;    /* [outputs] */
} Linear;

typedef struct {
    const float *weight, *bias;
} Norm;

typedef struct {
    Linear attention; /* queries, keys and values in one */
    Linear output;
    Norm attention_norm;
    Linear up, down;
    Norm norm;
} Layer;

typedef struct {
    const int8_t *words; /* [vocabulary][HIDDEN] */
    const float *scale;  /* [vocabulary] */
    const float *positions;
    Norm norm;
    Layer layers[LAYERS];
} Model;

typedef struct {
    float *x;       /* [tokens][HIDDEN], tokens rounded up to an even number */
    float *y;       /* [tokens][INNER] */
    float *context; /* [tokens][HIDDEN] */
    float *scales;  /* [tokens] */
    int16_t *q;     /* [tokens][INNER] */
    int16_t *heads; /* [3][HEADS][LONGEST * HEAD] */
} Scratch;

INLINE float round_to_even(float x) { return (x + ROUND) - ROUND; }

INLINE float between(float x, float low, float high) { /* NaN becomes `high` */
    x = x < high ? x : high;
    return x > low ? x : low;
}

INLINE float fold(float *t) {
    for (int half = HIDDEN / 2; half >= 3; half /= 2)
        for (int i = 0; i < half; i++) t[i] += t[i + half];
    return t[0] + t[1] + t[2];
}

INLINE void normalise(float *restrict x, const Norm norm) {
    float t[HIDDEN];
    memcpy(t, x, sizeof t);
    const float mean = fold(t) * (1.0f / HIDDEN);
    for (int i = 0; i < HIDDEN; i++) {
        x[i] -= mean;
        t[i] = x[i] * x[i];
    }
    const float variance = fold(t) * (1.0f / HIDDEN);
    const float factor = 1.0f / sqrtf(variance + 1e-12f);
    for (int i = 0; i < HIDDEN; i++) x[i] = x[i] * factor * norm.weight[i] + norm.bias[i];
}

/* The largest absolute value. Bits of floats without their sign are ordered as integers are, and
 * compilers vectorise a maximum of integers. */
INLINE float largest(const float *x, int n) {
    int32_t most = 0;
    for (int i = 0; i < n; i++) {
        int32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        bits &= INT32_MAX;
        most = bits > most ? bits : most;
    }
    float found;
    memcpy(&found, &most, sizeof found);
    return found > SMALLEST ? found : SMALLEST;
}

INLINE void quantise(const float *restrict x, int16_t *restrict q, int n, float most, float levels) {
    const float factor = levels / most;
    for (int i = 0; i < n; i++)
        q[i] = (int16_t)(int32_t)round_to_even(between(x[i] * factor, -levels, levels));
}

INLINE void quantise_rows(const float *x, int n, int width, const Scratch *s) {
    for (int t = 0; t < n; t++, x += width) {
        const float most = largest(x, width);
        quantise(x, s->q + (ptrdiff_t)t * width, width, most, LEVELS);
        s->scales[t] = most * (1.0f / LEVELS);
    }
    if (n % 2) { /* rows are multiplied in pairs */
        memset(s->q + (ptrdiff_t)n * width, 0, (size_t)width * sizeof(int16_t));
        s->scales[n] = 0.0f;
    }
}

/* y[n][outputs] = the quantised rows times the weights, plus the bias. Two rows and four columns
 * at a time fill the registers of an AVX2 processor. (A second row that may be the first one again
 * instead of the row of zeros crashes GCC 12.) */
INLINE void linear(const Linear w, int n, int inputs, int outputs, const Scratch *s) {
    int16_t wide[BLOCK * INNER];
    for (int o = 0; o < outputs; o += BLOCK) {
        const int8_t *narrow = w.weight + (ptrdiff_t)o * inputs;
        for (int i = 0; i < BLOCK * inputs; i++) wide[i] = narrow[i];
        const int16_t *w0 = wide, *w1 = w0 + inputs, *w2 = w1 + inputs, *w3 = w2 + inputs;
        for (int t = 0; t < n; t += 2) {
            const int16_t *a = s->q + (ptrdiff_t)t * inputs, *b = a + inputs;
            int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
            for (int i = 0; i < inputs; i++) {
                a0 += (int32_t)a[i] * w0[i];
                a1 += (int32_t)a[i] * w1[i];
                a2 += (int32_t)a[i] * w2[i];
                a3 += (int32_t)a[i] * w3[i];
                b0 += (int32_t)b[i] * w0[i];
                b1 += (int32_t)b[i] * w1[i];
                b2 += (int32_t)b[i] * w2[i];
                b3 += (int32_t)b[i] * w3[i];
            }
            const int32_t sums[2][BLOCK] = {{a0, a1, a2, a3}, {b0, b1, b2, b3}};
            for (int k = 0; k < 2; k++)
                for (int r = 0; r < BLOCK; r++)
                    s->y[(ptrdiff_t)(t + k) * outputs + o + r] =
                        (float)sums[k][r] * (s->scales[t + k] * w.scale[o + r]) + w.bias[o + r];
        }
    }
}

/* x * Phi(x), with Phi as a rational function that is off by 3e-6 at most. */
INLINE void gelu(float *x, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i++) {
        const float c = between(x[i], -5.0f, 5.0f), z = c * c;
        float p = z * 6.253605e-05f + 0.0043204296f;
        p = p * z + 0.029378952f;
        p = p * z + 0.39896613f;
        float q = z * 3.816878e-06f + 0.001505843f;
        q = q * z + 0.025722025f;
        q = q * z + 0.24049175f;
        q = q * z + 1.0f;
        x[i] = (p * c / q + 0.5f) * x[i];
    }
}

/* e^x for x <= 0: the series for x / 64, squared six times. */
INLINE float exponential(float x) {
    const float t = between(x, -12.0f, 0.0f) * (1.0f / 64);
    float p = t * (1.0f / 5) + 1.0f;
    p = t * (1.0f / 4) * p + 1.0f;
    p = t * (1.0f / 3) * p + 1.0f;
    p = t * (1.0f / 2) * p + 1.0f;
    p = t * p + 1.0f;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    return p;
}

/* Scores of one query become whole shares of SHARE_LEVELS. */
INLINE void softmax(float *s, int16_t *shares, int n) {
    float top = -FLT_MAX;
    for (int j = 0; j < n; j++) top = s[j] > top ? s[j] : top;
    int32_t total = 0;
    for (int j = 0; j < n; j++) {
        s[j] = round_to_even(exponential(s[j] - top) * SHARE_LEVELS);
        total += (int32_t)s[j];
    }
    const float factor = SHARE_LEVELS / (float)(total > 0 ? total : 1);
    for (int j = 0; j < n; j++)
        shares[j] = (int16_t)(int32_t)round_to_even(between(s[j] * factor, 0.0f, SHARE_LEVELS));
}

/* Quantise the queries, keys or values of a text with one scale, and order them by head:
 * [token][HEAD] for queries and keys, [HEAD][LONGEST] for values. Returns the largest. */
INLINE float split(const float *rows, int n, float levels, int values, int16_t *to) {
    float most = SMALLEST;
    for (int t = 0; t < n; t++) {
        const float found = largest(rows + (ptrdiff_t)t * 3 * HIDDEN, HIDDEN);
        most = found > most ? found : most;
    }
    for (int t = 0; t < n; t++) {
        int16_t q[HIDDEN];
        quantise(rows + (ptrdiff_t)t * 3 * HIDDEN, q, HIDDEN, most, levels);
        for (int h = 0; h < HEADS; h++)
            for (int i = 0; i < HEAD; i++)
                to[h * LONGEST * HEAD + (values ? i * LONGEST + t : t * HEAD + i)] = q[h * HEAD + i];
    }
    return most;
}

/* One text: queries, keys and values in [n][3 * HIDDEN], their context out [n][HIDDEN]. */
INLINE void attend(const float *rows, int n, int16_t *work, float *context) {
    int16_t *queries = work, *keys = queries + LONGEST * HIDDEN, *values = keys + LONGEST * HIDDEN;
    const float query_most = split(rows, n, SCORE_LEVELS, 0, queries);
    const float key_most = split(rows + HIDDEN, n, SCORE_LEVELS, 0, keys);
    const float value_most = split(rows + 2 * HIDDEN, n, LEVELS, 1, values);
    const float score = query_most * (1.0f / SCORE_LEVELS) * (key_most * (1.0f / SCORE_LEVELS))
                        * 0.17677669f; /* 1 / sqrt(HEAD) */
    const float value = value_most * (1.0f / LEVELS) * (1.0f / SHARE_LEVELS);
    for (int h = 0; h < HEADS; h++)
        for (int t = 0; t < n; t++) {
            const ptrdiff_t head = (ptrdiff_t)h * LONGEST * HEAD;
            const int16_t *query = queries + head + t * HEAD;
            float scores[LONGEST];
            int16_t shares[LONGEST];
            for (int j = 0; j < n; j++) {
                const int16_t *key = keys + head + j * HEAD;
                int32_t sum = 0;
                for (int i = 0; i < HEAD; i++) sum += (int32_t)query[i] * key[i];
                scores[j] = (float)sum * score;
            }
            softmax(scores, shares, n);
            for (int i = 0; i < HEAD; i++) {
                const int16_t *column = values + head + i * LONGEST;
                int32_t sum = 0;
                for (int j = 0; j < n; j++) sum += (int32_t)shares[j] * column[j];
                context[(ptrdiff_t)t * HIDDEN + h * HEAD + i] = (float)sum * value;
            }
        }
}

INLINE void add_and_normalise(const Scratch *s, int n, const Norm norm) {
    for (int t = 0; t < n; t++) {
        float *x = s->x + (ptrdiff_t)t * HIDDEN;
        const float *y = s->y + (ptrdiff_t)t * HIDDEN;
        for (int i = 0; i < HIDDEN; i++) x[i] += y[i];
        normalise(x, norm);
    }
}

INLINE void embed(const Model *m, const int32_t *ids, int n, float *x) {
    for (int t = 0; t < n; t++, x += HIDDEN) {
        const int8_t *word = m->words + (ptrdiff_t)ids[t] * HIDDEN;
        const float scale = m->scale[ids[t]];
        for (int i = 0; i < HIDDEN; i++) x[i] = (float)word[i] * scale + m->positions[t * HIDDEN + i];
        normalise(x, m->norm);
    }
}

/* The mean of a text's rows, as a vector of length 1. */
INLINE void pool(const float *x, int n, float *vector) {
    float squares[HIDDEN];
    memcpy(vector, x, sizeof squares);
    for (int t = 1; t < n; t++)
        for (int i = 0; i < HIDDEN; i++) vector[i] += x[(ptrdiff_t)t * HIDDEN + i];
    for (int i = 0; i < HIDDEN; i++) squares[i] = vector[i] * vector[i];
    const float length = sqrtf(fold(squares));
    for (int i = 0; i < HIDDEN; i++) vector[i] /= length;
}

typedef void Encode(const Model *, const int32_t *, const int32_t *, int, const Scratch *, float *);

Encode ENCODE;

void ENCODE(const Model *m, const int32_t *ids, const int32_t *lengths, int texts,
            const Scratch *s, float *vectors) {
    int n = 0;
    for (int text = 0; text < texts; n += lengths[text++])
        embed(m, ids + n, lengths[text], s->x + (ptrdiff_t)n * HIDDEN);
    for (int l = 0; l < LAYERS; l++) {
        const Layer *layer = m->layers + l;
        quantise_rows(s->x, n, HIDDEN, s);
        linear(layer->attention, n, HIDDEN, 3 * HIDDEN, s);
        for (int text = 0, first = 0; text < texts; first += lengths[text++])
            attend(s->y + (ptrdiff_t)first * 3 * HIDDEN, lengths[text], s->heads,
                   s->context + (ptrdiff_t)first * HIDDEN);
        quantise_rows(s->context, n, HIDDEN, s);
        linear(layer->output, n, HIDDEN, HIDDEN, s);
        add_and_normalise(s, n, layer->attention_norm);
        quantise_rows(s->x, n, HIDDEN, s);
        linear(layer->up, n, HIDDEN, INNER, s);
        gelu(s->y, (ptrdiff_t)n * INNER);
        quantise_rows(s->y, n, INNER, s);
        linear(layer->down, n, INNER, HIDDEN, s);
        add_and_normalise(s, n, layer->norm);
    }
    for (int text = 0, first = 0; text < texts; first += lengths[text++])
        pool(s->x + (ptrdiff_t)first * HIDDEN, lengths[text], vectors + (ptrdiff_t)text * HIDDEN);
}

#if !defined(FAQBOT_LEVEL)

#if !defined(FAQBOT_SOURCE)
#define FAQBOT_SOURCE ""
#endif

#if defined(FAQBOT_AVX2)
Encode faqbot_encode_avx2;
#endif

#if defined(FAQBOT_AVX512)
Encode faqbot_encode_avx512;
#endif

/* The function for the best level that this processor has. */
static Encode *best(void) {
#if defined(FAQBOT_AVX512)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni"))
        return faqbot_encode_avx512;
#endif
#if defined(FAQBOT_AVX2)
    if (__builtin_cpu_supports("avx2")) return faqbot_encode_avx2;
#endif
    return faqbot_encode_base;
}

/* Which source the library was compiled from: a stale one isn't used. */
PUBLIC const char *faqbot_minilm_source(void) { return FAQBOT_SOURCE; }

/* Encode texts into vectors[texts][HIDDEN].
 *
 * ids holds the tokens of all texts one after the other, lengths how many each text has.
 * Returns OK, or why nothing (NO_MEMORY) or not all was written.
 */
PUBLIC int faqbot_minilm_encode(const Model *model, int32_t vocabulary, const int32_t *ids,
                         const int32_t *lengths, int32_t texts, float *vectors) {
    size_t tokens = 0;
    for (int32_t text = 0; text < texts; text++) {
        if (lengths[text] < 1 || lengths[text] > LONGEST) return BAD_LENGTH;
        tokens += (size_t)lengths[text];
    }
    for (size_t t = 0; t < tokens; t++)
        if (ids[t] < 0 || ids[t] >= vocabulary) return BAD_TOKEN;

    const size_t n = tokens < PACK ? tokens + tokens % 2 : PACK;
    const size_t floats = n * (HIDDEN + INNER + HIDDEN + 1);
    const size_t shorts = n * INNER + 3 * LONGEST * HIDDEN;
    float *all = malloc(floats * sizeof(float) + shorts * sizeof(int16_t));
    if (!all) return NO_MEMORY;
    Encode *const encode = best();
    Scratch s;
    s.x = all;
    s.y = s.x + n * HIDDEN;
    s.context = s.y + n * INNER;
    s.scales = s.context + n * HIDDEN;
    s.q = (int16_t *)(s.scales + n);
    s.heads = s.q + n * INNER;
    for (int32_t done = 0; done < texts;) {
        int32_t many = 0, size = 0;
        while (done + many < texts && size + lengths[done + many] <= PACK)
            size += lengths[done + many++];
        encode(model, ids, lengths + done, many, &s, vectors + (ptrdiff_t)done * HIDDEN);
        ids += size;
        done += many;
    }
    free(all);
    return OK;
}

#endif
