package io.fluxspark.jobs;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What an option is when the command line does not say it: Spark's settings {@code
 * spark.fluxspark.NAME} come first, then the properties file, then the option's default. NAME is
 * the option without dashes.
 *
 * @param conf by NAME
 * @param file by NAME
 */
record OptionSources(Map<String, String> conf, Map<String, String> file)
    implements IDefaultValueProvider {
  /** What every setting of ours starts with. */
  static final String PREFIX = "spark.fluxspark.";

  static final String CONFIG = "config";
  static final String CONF = "conf";

  /** Options that only a command line has. */
  private static final Set<String> COMMAND_LINE_ONLY = Set.of(CONF, "help", "version", "verbose");

  /**
   * Gathers the sources.
   *
   * @param names of all options
   * @param sparkConf all settings of Spark; those of others are passed over
   * @param given {@code KEY=VALUE} from the command line, before those of {@code sparkConf}
   * @param configFile from the command line; null for what the settings say
   * @throws FluxSparkException {@code INVALID_OPTION}, naming a key that is no option
   */
  static OptionSources of(
      Set<String> names, Map<String, String> sparkConf, List<String> given, String configFile) {
    Map<String, String> conf = new TreeMap<>();
    sparkConf.forEach(
        (key, value) -> {
          if (key.startsWith(PREFIX)) {
            conf.put(name(key, names, "--conf " + key), value);
          }
        });
    for (String setting : given) {
      int equals = setting.indexOf('=');
      if (equals < 0 || !setting.startsWith(PREFIX)) {
        throw invalid(
            "--conf "
                + setting
                + ": "
                + PREFIX
                + "NAME=VALUE is needed; Spark's own settings go behind '--'");
      }
      String key = setting.substring(0, equals);
      conf.put(name(key, names, "--conf " + key), setting.substring(equals + 1));
    }
    String path = configFile == null ? conf.get(CONFIG) : configFile;
    return new OptionSources(conf, path == null ? Map.of() : file(path, names));
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return null;
    }
    String name = option.longestName().substring(2);
    return conf.getOrDefault(name, file.get(name));
  }

  /** Names that a setting or a properties file may have. */
  static Set<String> names(CommandSpec command) {
    Set<String> names =
        command.options().stream()
            .map(option -> option.longestName().replaceFirst("^-+", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    names.removeAll(COMMAND_LINE_ONLY);
    return names;
  }

  private static Map<String, String> file(String path, Set<String> names) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(path), StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (NoSuchFileException e) {
      throw invalid("--config " + path + ": there is no such file");
    } catch (IOException | IllegalArgumentException e) {
      throw invalid("--config " + path + ": cannot be read: " + e.getMessage());
    }
    Map<String, String> values = new TreeMap<>();
    for (String key : new TreeSet<>(properties.stringPropertyNames())) {
      if (key.equals(CONFIG) || key.equals(PREFIX + CONFIG)) {
        throw invalid("--config " + path + ": key '" + key + "': a file cannot name another file");
      }
      values.put(
          name(key, names, "--config " + path + ": key '" + key + "'"),
          properties.getProperty(key).strip());
    }
    return values;
  }

  private static String name(String key, Set<String> names, String place) {
    String name = key.startsWith(PREFIX) ? key.substring(PREFIX.length()) : key;
    if (!names.contains(name)) {
      throw invalid(place + ": no such option; there are " + String.join(", ", names));
    }
    return name;
  }

  private static FluxSparkException invalid(String message) {
    return new FluxSparkException(ErrorCode.INVALID_OPTION, message);
  }
}
