package io.fluxspark.request;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A choice that is to be made, and where each outcome leads: to the choices that are then left.
 * Paths from the first node to the end are the combinations; each is there once. A choice that was
 * made already is not made again, so a slot has one text in all places of a row.
 */
final class ChoiceNode {
  private static final int MOST_NODES = 200_000;

  private static final ChoiceNode END = new ChoiceNode("", List.of(), List.of(), 1);

  private final String name;
  private final List<Choice> choices;
  private final List<ChoiceNode> next;
  private final long size;

  private ChoiceNode(String name, List<Choice> choices, List<ChoiceNode> next, long size) {
    this.name = name;
    this.choices = choices;
    this.next = next;
    this.size = size;
  }

  /**
   * An outcome of a choice.
   *
   * @param weight above 0
   * @param needs choices that have to be made because of it, in order
   */
  record Choice(double weight, List<String> needs) {
    Choice {
      needs = List.copyOf(needs);
    }
  }

  /**
   * The first choice of all.
   *
   * @param choices the outcomes by the choice's name; none leads back to its own choice
   * @throws IllegalArgumentException where too many choices depend on each other
   */
  static ChoiceNode of(String first, Map<String, List<Choice>> choices) {
    return new Builder(choices).node(List.of(first), Set.of());
  }

  String name() {
    return name;
  }

  List<Choice> choices() {
    return choices;
  }

  /** Where an outcome leads. */
  ChoiceNode next(int outcome) {
    return next.get(outcome);
  }

  boolean isEnd() {
    return choices.isEmpty();
  }

  /** How many combinations there are from here; {@code Long.MAX_VALUE} where they are more. */
  long size() {
    return size;
  }

  /**
   * A combination, in the order in which the last choice varies fastest.
   *
   * @param index from 0, less than {@link #size}
   * @return the outcome by the choice's name, in the order in which they are made
   */
  Map<String, Integer> at(long index) {
    Map<String, Integer> outcomes = new HashMap<>();
    ChoiceNode node = this;
    long rest = index;
    while (!node.isEnd()) {
      int outcome = 0;
      while (rest >= node.next(outcome).size()) {
        rest -= node.next(outcome).size();
        outcome++;
      }
      outcomes.put(node.name(), outcome);
      node = node.next(outcome);
    }
    return outcomes;
  }

  /** Makes each node once: what is left to choose decides it, not how one got there. */
  private record Builder(
      Map<String, List<Choice>> choices,
      Map<String, Set<String>> reachable,
      Map<State, ChoiceNode> nodes) {
    private record State(List<String> left, Set<String> made) {}

    Builder(Map<String, List<Choice>> choices) {
      this(choices, new HashMap<>(), new HashMap<>());
    }

    ChoiceNode node(List<String> needed, Set<String> made) {
      Set<String> left = new LinkedHashSet<>(needed);
      left.removeAll(made);
      if (left.isEmpty()) {
        return END;
      }
      Set<String> relevant = new TreeSet<>(made);
      Set<String> later = new TreeSet<>();
      left.forEach(name -> later.addAll(reachable(name)));
      relevant.retainAll(later);
      State state = new State(List.copyOf(left), relevant);
      ChoiceNode known = nodes.get(state);
      if (known != null) {
        return known;
      }
      if (nodes.size() >= MOST_NODES) {
        throw new IllegalArgumentException("too many slots depend on each other");
      }
      String name = state.left().get(0);
      relevant = new TreeSet<>(relevant);
      relevant.add(name);
      List<ChoiceNode> next = new ArrayList<>();
      long size = 0;
      for (Choice choice : choices.get(name)) {
        List<String> then = new ArrayList<>(choice.needs());
        then.addAll(state.left().subList(1, state.left().size()));
        ChoiceNode node = node(then, relevant);
        next.add(node);
        size = size > Long.MAX_VALUE - node.size() ? Long.MAX_VALUE : size + node.size();
      }
      ChoiceNode node =
          new ChoiceNode(name, choices.get(name), Collections.unmodifiableList(next), size);
      nodes.put(state, node);
      return node;
    }

    private Set<String> reachable(String name) {
      Set<String> known = reachable.get(name);
      if (known == null) {
        known = new TreeSet<>();
        for (Choice choice : choices.get(name)) {
          for (String needed : choice.needs()) {
            if (known.add(needed)) {
              known.addAll(reachable(needed));
            }
          }
        }
        reachable.put(name, known);
      }
      return known;
    }
  }
}
