// The highest rate of multiply-adds in float32 on one core: independent chains of fused multiply-adds on registers of the
// widest kind, which wait neither for memory nor for each other. Prints GFLOP/s, two operations per multiply-add.
#include <stdio.h>
#include <time.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
typedef float vector __attribute__((vector_size(VECTOR_BYTES)));

enum { CHAINS = 12, ROUNDS = 50000000, REPETITIONS = 3 };

// CPU time: what else the machine does must not count.
static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int argc, char **argv) {
  (void)argv;
  // Not known to the compiler, so that it computes nothing beforehand.
  const vector factor = (vector){0} + (float)argc * 0.999f;
  const vector summand = (vector){0} + (float)argc * 0.001f;
  double best = 0;
  float sum = 0;
  for (int repetition = 0; repetition < REPETITIONS; repetition++) {
    vector chain[CHAINS];
    for (int i = 0; i < CHAINS; i++) chain[i] = (vector){0} + (float)i;
    const double start = seconds();
    for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
      for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * factor + summand;
    }
    const double elapsed = seconds() - start;
    for (int i = 0; i < CHAINS; i++) sum += chain[i][0];
    const double rate = 2e-9 * ROUNDS * CHAINS * (VECTOR_BYTES / sizeof(float)) / elapsed;
    if (rate > best) best = rate;
  }
  fprintf(stderr, "%g\n", sum);
  printf("%.2f\n", best);
  return 0;
}
