package io.fluxspark.spark;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.InputFiles;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.WeightPlan;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;

/** Files that rows name, on any file system of Hadoop's. Each task has its own. */
public final class HadoopInputFiles implements InputFiles {
  private static final long serialVersionUID = 1L;
  private static final int KNOWN_FILES = 1000;

  private final String base;
  private final TreeMap<String, WeightPlan> adaptable;
  private transient Configuration conf;
  private transient Map<String, String> known;

  /**
   * @param base the folder that relative paths are relative to; empty where there is none
   * @param adaptable what a LoRA must fit, see {@link LoraFile#verify}
   */
  public HadoopInputFiles(String base, Map<String, WeightPlan> adaptable) {
    this.base = base;
    this.adaptable = new TreeMap<>(adaptable);
  }

  /** The Hadoop configuration of this process, driver or executor. */
  static Configuration conf() {
    return SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
  }

  @Override
  public String resolve(String given) {
    try {
      Path path = new Path(given);
      if (path.toUri().getScheme() != null || path.isAbsolute()) {
        return given;
      }
      if (base.isEmpty()) {
        throw invalid("'" + given + "' is relative; a URI or an absolute path is needed");
      }
      return new Path(base, path).toString();
    } catch (IllegalArgumentException e) {
      throw invalid("'" + given + "' is no path: " + e.getMessage());
    }
  }

  @Override
  public String version(String path) {
    return known(
        path,
        file -> {
          try {
            return version(status(new Path(file), hadoop()));
          } catch (FileNotFoundException e) {
            throw invalid("'" + file + "'; there is no such file");
          } catch (AccessControlException | java.nio.file.AccessDeniedException e) {
            throw invalid("'" + file + "'; may not be read: " + e.getMessage());
          } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
            throw new FluxSparkException(
                ErrorCode.INVALID_ROW, "'" + file + "'; cannot be looked up: " + e.getMessage(), e);
          }
        });
  }

  /** A file of this host is opened and checked; one that is elsewhere goes by its version. */
  @Override
  public String loraDigest(String path) {
    if (RemoteModel.isRemote(path)) {
      return version(path);
    }
    return known(
        path,
        name -> {
          LoraFile file = LoraFile.open(LocalFiles.path(name));
          file.verify(adaptable);
          return file.digest();
        });
  }

  private static FileStatus status(Path path, Configuration conf) throws IOException {
    FileStatus status = path.getFileSystem(conf).getFileStatus(path);
    if (!status.isFile()) {
      throw new FileNotFoundException(path + " is a folder");
    }
    return status;
  }

  /** The file system's etag, or the file's length and time. */
  static String version(FileStatus status) {
    String etag = status instanceof EtagSource source ? source.getEtag() : null;
    return etag == null || etag.isEmpty()
        ? status.getLen() + "-" + status.getModificationTime()
        : etag.replace("\"", "");
  }

  private String known(String path, UnaryOperator<String> find) {
    if (known == null) {
      known =
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
              return size() > KNOWN_FILES;
            }
          };
    }
    String found = known.get(path);
    if (found == null) {
      found = find.apply(path);
      known.put(path, found);
    }
    return found;
  }

  private Configuration hadoop() {
    if (conf == null) {
      conf = conf();
    }
    return conf;
  }

  private static FluxSparkException invalid(String problem) {
    return new FluxSparkException(ErrorCode.INVALID_ROW, problem);
  }
}
