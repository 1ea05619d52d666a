//! Image quality: PNG, PSNR, SSIM and the integer bicubic, in f64, bit by bit as the field defines them.
