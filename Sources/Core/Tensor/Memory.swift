import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much memory there is for this process.
enum MachineMemory {
  /// In bytes: the least of the machine's memory, the limit of the control group and that of the address space.
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

  /// Of this process's group and those above it, as far as they are seen from here; the second path is that of version 1.
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
