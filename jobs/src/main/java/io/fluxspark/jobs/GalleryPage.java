package io.fluxspark.jobs;

import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.loader.ClasspathLoader;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The gallery's page, as {@value #TEMPLATE} lays it out. */
record GalleryPage(Head head, List<GalleryPicture> pictures) {
  private static final String TEMPLATE = "io/fluxspark/jobs/gallery.html";
  private static final int LONGEST_NAME = 300;

  /**
   * What the page says of the output as a whole.
   *
   * @param models names of the models that made it
   * @param total pictures of the output, of which the page may show fewer
   * @param made pictures that the run made
   */
  record Head(String models, String licenses, long total, String runId, long made) {
    Head {
      models = ShownText.line(models, LONGEST_NAME);
      licenses = ShownText.line(licenses, LONGEST_NAME);
    }
  }

  /**
   * The whole file. Every value is escaped by the template engine; the same page, the same text.
   */
  String html() {
    // Strict: a name that the template has and the page lacks is a mistake, not an empty place.
    PebbleEngine engine =
        new PebbleEngine.Builder()
            .loader(new ClasspathLoader(GalleryPage.class.getClassLoader()))
            .autoEscaping(true)
            .defaultEscapingStrategy("html")
            .strictVariables(true)
            .cacheActive(false)
            .defaultLocale(Locale.ROOT)
            .build();
    StringWriter file = new StringWriter();
    try {
      engine
          .getTemplate(TEMPLATE)
          .evaluate(
              file, Map.of("head", head, "counts", counts(), "run", run(), "pictures", pictures));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toString();
  }

  /** How many pictures there are and, where these are fewer, how many are shown. */
  private String counts() {
    return pictures.size() < head.total()
        ? String.format(Locale.ROOT, "%,d, of which %,d are here", head.total(), pictures.size())
        : String.format(Locale.ROOT, "%,d", head.total());
  }

  /** The run and how many pictures are its own. */
  private String run() {
    return String.format(Locale.ROOT, "%s (%,d made)", head.runId(), head.made());
  }
}
