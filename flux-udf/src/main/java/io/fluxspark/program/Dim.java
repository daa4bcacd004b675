package io.fluxspark.program;

import java.util.Arrays;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * The size of one axis of a symbolic tensor: a number, a named size that is known only when the
 * program runs ({@code B}, {@code S}), or a polynomial of them ({@code L + S}, {@code 8*h}). Two
 * sizes fit where their polynomials are equal.
 */
public final class Dim {
  /** From a product of names in alphabetic order ({@code ""} is 1) to its factor, never 0. */
  private final TreeMap<String, Long> terms;

  private Dim(TreeMap<String, Long> terms) {
    this.terms = terms;
  }

  /** A size that is known when the program is built. */
  public static Dim of(long size) {
    return term("", size);
  }

  /** A size that inputs bring. */
  public static Dim named(String name) {
    return term(name, 1);
  }

  private static Dim term(String name, long factor) {
    TreeMap<String, Long> terms = new TreeMap<>();
    if (factor != 0) {
      terms.put(name, factor);
    }
    return new Dim(terms);
  }

  public Dim plus(Dim other) {
    TreeMap<String, Long> sum = new TreeMap<>(terms);
    other.terms.forEach((name, factor) -> sum.merge(name, factor, Dim::sumOrGone));
    return new Dim(sum);
  }

  private static Long sumOrGone(long a, long b) {
    return a + b == 0 ? null : Long.valueOf(a + b);
  }

  public Dim times(Dim other) {
    Dim product = of(0);
    for (Map.Entry<String, Long> a : terms.entrySet()) {
      for (Map.Entry<String, Long> b : other.terms.entrySet()) {
        product = product.plus(term(product(a.getKey(), b.getKey()), a.getValue() * b.getValue()));
      }
    }
    return product;
  }

  private static String product(String a, String b) {
    String[] names = (a.isEmpty() ? b : b.isEmpty() ? a : a + "*" + b).split("\\*");
    Arrays.sort(names);
    return String.join("*", names);
  }

  public Dim times(long factor) {
    return times(of(factor));
  }

  /**
   * The exact quotient.
   *
   * @throws IllegalArgumentException where the size is no multiple of the divisor whatever its
   *     names stand for
   */
  public Dim dividedBy(long divisor) {
    TreeMap<String, Long> quotient = new TreeMap<>();
    for (Map.Entry<String, Long> term : terms.entrySet()) {
      if (term.getValue() % divisor != 0) {
        throw new IllegalArgumentException("size " + this + " is not a multiple of " + divisor);
      }
      quotient.put(term.getKey(), term.getValue() / divisor);
    }
    return new Dim(quotient);
  }

  /** Whether it is a number. */
  public boolean isConstant() {
    return terms.isEmpty() || (terms.size() == 1 && terms.containsKey(""));
  }

  /**
   * The number.
   *
   * @throws IllegalArgumentException where it is not {@link #isConstant() one}
   */
  public long constant() {
    if (!isConstant()) {
      throw new IllegalArgumentException(
          "size " + this + " is not known when the program is built");
    }
    return terms.getOrDefault("", 0L);
  }

  boolean is(long size) {
    return isConstant() && constant() == size;
  }

  /** The factor of the only name, where the size is such a product; otherwise 0. */
  long factorOf(String name) {
    return terms.size() == 1 ? terms.getOrDefault(name, 0L) : 0;
  }

  /** The number, where names stand for these. */
  long value(Map<String, Long> sizes) {
    long sum = 0;
    for (Map.Entry<String, Long> term : terms.entrySet()) {
      long product = term.getValue();
      for (String name : term.getKey().isEmpty() ? new String[0] : term.getKey().split("\\*")) {
        if (!sizes.containsKey(name)) {
          throw new IllegalArgumentException("it is not said what the size " + name + " is");
        }
        product = Math.multiplyExact(product, sizes.get(name));
      }
      sum = Math.addExact(sum, product);
    }
    return sum;
  }

  /** The names that occur in it. */
  java.util.Set<String> names() {
    java.util.Set<String> names = new java.util.TreeSet<>();
    terms.keySet().stream()
        .filter(t -> !t.isEmpty())
        .forEach(t -> names.addAll(Arrays.asList(t.split("\\*"))));
    return names;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Dim dim && terms.equals(dim.terms);
  }

  @Override
  public int hashCode() {
    return terms.hashCode();
  }

  /**
   * As a person reads it and as TorchScript computes it: {@code 77}, {@code B}, {@code L + S},
   * {@code 8*h}.
   */
  @Override
  public String toString() {
    if (terms.isEmpty()) {
      return "0";
    }
    StringJoiner sum = new StringJoiner(" + ");
    terms.forEach(
        (name, factor) -> {
          if (name.isEmpty()) {
            sum.add(Long.toString(factor));
          } else {
            sum.add(factor == 1 ? name : factor + "*" + name);
          }
        });
    return sum.toString();
  }
}
