package io.fluxspark.spark;

import java.util.ArrayList;
import java.util.List;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's planner speaks Scala's collections. */
final class Scala {
  private Scala() {}

  static <T> Seq<T> seq(List<? extends T> elements) {
    // An immutable list is of every supertype of its elements'.
    @SuppressWarnings("unchecked")
    List<T> same = (List<T>) elements;
    return CollectionConverters.asScala(same).toSeq();
  }

  static <T> List<T> list(scala.collection.Seq<T> elements) {
    return List.copyOf(CollectionConverters.asJava(elements));
  }

  static <T> Seq<T> appended(Seq<T> elements, T last) {
    List<T> all = new ArrayList<>(list(elements));
    all.add(last);
    return seq(all);
  }
}
