package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.PromptMode;
import io.fluxspark.request.PromptRows;
import io.fluxspark.request.PromptTemplates;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes a prompt table of templates. It needs no Spark. */
@Command(
    name = "prompts",
    sortOptions = false,
    abbreviateSynopsis = true,
    mixinStandardHelpOptions = true,
    description = "Makes a prompt table of templates with slots.",
    footer = "Exit codes: 0 done, 2 wrong request, 3 failure.")
final class PromptsCommand implements Callable<Integer> {
  private static final String BUILT_IN = "builtin:";

  private final Environment environment;

  @Option(
      names = "--templates",
      paramLabel = "FILE",
      description = "JSON file with a set of templates, or builtin:NAME.")
  private String templates;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "New file; its name ends with .csv, .jsonl or .parquet.")
  private String output;

  @Option(names = "--overwrite", description = "Replace a file that is there. Default: no.")
  private boolean isOverwriting;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "grid (every combination) or sample (--count of them by weight). Default: the set's, else"
              + " grid.")
  private String mode;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Most rows of a grid, or rows of a sample. Default: the set's, else all.")
  private Long count;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "N",
      description =
          "What a sample, and seeds that are only counted, follow from. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      description = "Only the template of that name; may be given several times. Default: all.")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--slot",
      paramLabel = "NAME=TEXT",
      description = "The slot has this text instead of the set's; several times for several texts.")
  private List<String> slots = new ArrayList<>();

  @Option(
      names = "--column",
      paramLabel = "NAME=VALUE",
      description =
          "The column has this value instead of the set's; several times for several values.")
  private List<String> columns = new ArrayList<>();

  @Option(
      names = "--preview",
      paramLabel = "N",
      description = "Print the first N rows and how many there are; write nothing.")
  private Long preview;

  @Option(names = "--list", description = "Print the sets that are built in, and why they work.")
  private boolean isListing;

  PromptsCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws IOException {
    if (isListing) {
      list();
      return 0;
    }
    require(templates != null, "--templates: is missing; a JSON file or builtin:NAME is needed");
    require(
        output != null || preview != null,
        "--output: is missing; a file is needed, or --preview N, or --list");
    require(preview == null || preview >= 0, "--preview: " + preview + "; at least 0 is needed");
    require(
        count == null || (count >= 1 && count <= PromptRows.MOST),
        "--count: " + count + "; a whole number from 1 to " + PromptRows.MOST + " is needed");
    PromptRows rows = rows();
    if (preview != null) {
      print(rows);
    } else {
      PromptTableFile file = PromptTableFile.of(output);
      if (isOverwriting) {
        file.replace(rows);
      } else {
        file.create(rows);
      }
      environment.out().println(rows.size() + " rows written to " + output);
      environment.out().flush();
    }
    return 0;
  }

  private PromptRows rows() {
    return set()
        .only(only)
        .withSlots(byName("--slot", slots))
        .withColumns(byName("--column", columns))
        .rows(
            Optional.ofNullable(mode).map(name -> PromptMode.fromName(name, "--mode")),
            count == null ? OptionalLong.empty() : OptionalLong.of(count),
            seed);
  }

  private PromptTemplates set() {
    String place = "--templates " + templates;
    if (templates.startsWith(BUILT_IN)) {
      return PromptTemplates.builtIn(templates.substring(BUILT_IN.length()), place);
    }
    try {
      return PromptTemplates.read(Files.readString(Path.of(templates)), place);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION,
          place + ": there is no such file; --list lists the sets that are built in",
          e);
    } catch (CharacterCodingException e) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, place + ": is not in UTF-8", e);
    } catch (IOException e) {
      throw new FluxSparkException(
          ErrorCode.INVALID_OPTION, place + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static Map<String, List<String>> byName(String option, List<String> settings) {
    Map<String, List<String>> byName = new LinkedHashMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      require(equals > 0, option + ": '" + setting + "'; NAME=VALUE is needed");
      byName
          .computeIfAbsent(setting.substring(0, equals), name -> new ArrayList<>())
          .add(setting.substring(equals + 1));
    }
    return byName;
  }

  private void list() {
    for (String name : PromptTemplates.BUILT_IN) {
      PromptTemplates set = PromptTemplates.builtIn(name, BUILT_IN + name);
      environment.out().println(BUILT_IN + name);
      environment.out().println("    " + set.why());
    }
    environment.out().flush();
  }

  private void print(PromptRows rows) throws IOException {
    long shown = Math.min(preview, rows.size());
    if (shown > 0) {
      StringWriter text = new StringWriter();
      try (PromptTableWriter json = new JsonPrompts(text, rows.columns())) {
        Iterator<Map<String, Object>> all = rows.iterator();
        for (long i = 0; i < shown; i++) {
          json.write(all.next());
        }
      }
      environment.out().print(text);
    }
    environment.out().println(shown + " of " + rows.size() + " rows");
    environment.out().flush();
  }

  private static void require(boolean isRight, String message) {
    if (!isRight) {
      throw new FluxSparkException(ErrorCode.INVALID_OPTION, message);
    }
  }
}
