package io.fluxspark.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EmojiTest {
  @Test
  void asksInSeveralWays() {
    assertThat(new Emoji("pizza", "a slice of pizza", Path.of("p.png")).captions())
        .containsExactly(
            "a slice of pizza",
            "an emoji of a slice of pizza",
            "a picture of a slice of pizza",
            "a slice of pizza on white",
            "slice of pizza");
    assertThat(new Emoji("clap", "clapping hands", Path.of("p.png")).captions())
        .containsExactly(
            "clapping hands",
            "an emoji of clapping hands",
            "a picture of clapping hands",
            "clapping hands on white");
  }

  @Test
  void noTwoAreAskedForInTheSameWords() {
    Collection<String> phrases = Emoji.phrases().values();
    assertThat(phrases).hasSizeBetween(400, 600).doesNotHaveDuplicates();
    assertThat(phrases).allMatch(phrase -> phrase.matches("[A-Za-z0-9 -]+"));
    assertThat(phrases.stream().map(Words::withoutArticle)).doesNotHaveDuplicates();
  }

  @Test
  void noneIsAskedForInTheWordsOfAScene() {
    Set<String> scenes = new HashSet<>();
    for (Colour colour : Colour.values()) {
      for (Figure figure : Figure.values()) {
        for (Extent extent : Extent.values()) {
          scenes.add(new SceneObject(extent, colour, figure).phrase());
        }
      }
    }
    assertThat(Emoji.phrases().values().stream().map(Words::withoutArticle))
        .doesNotContainAnyElementsOf(scenes);
  }
}
