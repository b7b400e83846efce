import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The memory that this process may use.
enum MachineMemory {
  /// The smallest of the machine's memory, the limits of the control groups and the limit of the address space, in bytes.
  static var limit: Int {
    ([Int(clamping: ProcessInfo.processInfo.physicalMemory)] + controlGroupLimits
      + [addressSpaceLimit].compactMap { $0 })
      .min() ?? .max
  }

  private static var addressSpaceLimit: Int? {
    var limit = rlimit()
    #if canImport(Glibc)
      guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return nil }
    #else
      guard getrlimit(RLIMIT_AS, &limit) == 0 else { return nil }
    #endif
    return Int(clamping: limit.rlim_cur)
  }

  /// The limits of this process's control group and of the groups above it, as far as they are visible in a container.
  ///
  /// `memory.max` is the file of version 2 of control groups, and `memory.limit_in_bytes` is that of version 1.
  private static var controlGroupLimits: [Int] {
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    var files: Set<String> = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    for line in groups.split(separator: "\n") {
      var path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init) ?? ""
      while path.count > 1 {
        files.insert("/sys/fs/cgroup\(path)/memory.max")
        files.insert("/sys/fs/cgroup/memory\(path)/memory.limit_in_bytes")
        path = URL(filePath: path).deletingLastPathComponent().path
      }
    }
    return files.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
      .compactMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}

extension Compute {
  /// The most memory that this process has had at once, in bytes.
  public static var peakMemory: Int {
    var usage = rusage()
    #if os(macOS)
      guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
      return usage.ru_maxrss
    #else
      guard getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
      return usage.ru_maxrss * 1024
    #endif
  }
}
