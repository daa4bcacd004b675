package io.fluxspark.spark;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.StampedLock;

/**
 * A lock between all threads of all processes of a host, shared or of one alone. The system frees
 * it when its process ends in any way. Any thread may close it.
 *
 * <p>The system's locks are a process's, and are lost when it closes the file by whatever channel;
 * so threads come to terms among themselves first, and each file is opened once.
 */
final class HostLock implements AutoCloseable {
  private static final Map<Path, Held> OF_PROCESS = new ConcurrentHashMap<>();

  /** This process's part in one lock. */
  private static final class Held {
    private final StampedLock threads = new StampedLock();
    private FileChannel channel;
    private int sharing;
  }

  private final Held held;
  private final long stamp;
  private boolean isClosed;

  private HostLock(Held held, long stamp) {
    this.held = held;
    this.stamp = stamp;
  }

  /** Waits until nobody has the lock alone. */
  static HostLock shared(Path file) throws IOException {
    Held held = OF_PROCESS.computeIfAbsent(file, path -> new Held());
    long stamp = 0;
    try {
      stamp = held.threads.readLockInterruptibly();
      synchronized (held) {
        if (held.sharing == 0) {
          open(held, file);
          if (held.channel.lock(0, Long.MAX_VALUE, true) == null) {
            throw new IllegalStateException("lock waits");
          }
        }
        held.sharing++;
      }
      return new HostLock(held, stamp);
    } catch (InterruptedException e) {
      throw interrupted();
    } catch (IOException | RuntimeException e) {
      synchronized (held) {
        if (held.sharing == 0) {
          close(held);
        }
      }
      held.threads.unlockRead(stamp);
      throw e;
    }
  }

  /** Waits until nobody has the lock. */
  static HostLock alone(Path file) throws IOException {
    Held held = OF_PROCESS.computeIfAbsent(file, path -> new Held());
    try {
      return locked(held, file, held.threads.writeLockInterruptibly(), true).orElseThrow();
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Takes the lock if nobody has it. */
  static Optional<HostLock> tryAlone(Path file) throws IOException {
    Held held = OF_PROCESS.computeIfAbsent(file, path -> new Held());
    long stamp = held.threads.tryWriteLock();
    return stamp == 0 ? Optional.empty() : locked(held, file, stamp, false);
  }

  private static Optional<HostLock> locked(Held held, Path file, long stamp, boolean isWaiting)
      throws IOException {
    boolean isLocked = false;
    try {
      synchronized (held) {
        open(held, file);
        isLocked = (isWaiting ? held.channel.lock() : held.channel.tryLock()) != null;
      }
      return isLocked ? Optional.of(new HostLock(held, stamp)) : Optional.empty();
    } finally {
      if (!isLocked) {
        synchronized (held) {
          close(held);
        }
        held.threads.unlockWrite(stamp);
      }
    }
  }

  private static void open(Held held, Path file) throws IOException {
    held.channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private static void close(Held held) throws IOException {
    if (held.channel != null) {
      held.channel.close();
      held.channel = null;
    }
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while waiting for another process or thread");
  }

  /** Gives the lock back; a second call does nothing. */
  @Override
  public void close() throws IOException {
    synchronized (held) {
      if (isClosed) {
        return;
      }
      isClosed = true;
      if (!StampedLock.isReadLockStamp(stamp) || --held.sharing == 0) {
        close(held);
      }
    }
    held.threads.unlock(stamp);
  }
}
