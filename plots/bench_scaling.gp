# Time and memory of a relational attention layer over the sequence length, one row of panels per thread count.
# `dat report` sets
#   folder, output, format ("svg", "png"), n_threads, n_lines, threads_t (words, from 1), label_i (from 1),
#   lines_t (numbers of the lines that have points), shortest, longest (sequence lengths), least_ms, most_ms,
#   least_mib, most_mib
# and the files folder/t_i.data (length, milliseconds, MiB). Lines come in pairs of one kind of attention.

given(name, i) = value(sprintf("%s_%d", name, i))
file(t, i) = sprintf("%s/%d_%d.data", folder, t, i)
colour(i) = i % 2 == 1 ? "#D55E00" : "#0072B2"
marker(i) = i <= 2 ? 7 : 6
dash(i) = i <= 2 ? 1 : 2

below(y) = 10 ** floor(log10(y))
above(y) = 10 ** (floor(log10(y)) + 1)

# All measures are in pixels from the left and the top.
width = 1600.0
cell_width = width / 2
cell_height = 560.0
height = n_threads * cell_height + 80

if (format eq "png") {
    set terminal pngcairo noenhanced size width, height font "DejaVu Sans,15" linewidth 1.5 background "#FFFFFF"
} else {
    set terminal svg noenhanced size width, height font "Helvetica,DejaVu Sans,sans-serif,20" linewidth 1.5 \
        background "#FFFFFF"
}
set encoding utf8
set output output
set multiplot

# Panels.
set border 3 linecolor rgb "#444444"
set tics nomirror out scale 0.6 textcolor rgb "#222222"
set grid xtics ytics back linetype 1 linecolor rgb "#DDDDDD" linewidth 0.7
set logscale xy
set xrange [shortest / 1.15:longest * 1.15]
ticks = ""
do for [k = 0:int(log(longest / shortest) / log(2) + 0.5)] {
    ticks = ticks . (k > 0 ? ", " : "") . sprintf("%.0f", shortest * 2.0 ** k)
}
eval "set xtics (" . ticks . ")"
set format y "%.0f"
set xlabel "sequence length" offset 0, 0.3 textcolor rgb "#222222"
unset key
do for [t = 1:n_threads] {
    do for [column = 0:1] {
        set lmargin at screen (column * cell_width + 150) / width
        set rmargin at screen ((column + 1) * cell_width - 30) / width
        set tmargin at screen 1 - ((t - 1) * cell_height + 50) / height
        set bmargin at screen 1 - (t * cell_height - 75) / height
        set title sprintf("%s, %s", column == 0 ? "time" : "peak memory", given("threads", t)) offset 0, -0.4 \
            textcolor rgb "#000000"
        set ylabel (column == 0 ? "milliseconds, forward and backward" : "MiB") offset 0, 0 \
            textcolor rgb "#222222"
        set yrange [(column == 0 ? below(least_ms) : below(least_mib)):(column == 0 ? above(most_ms) : above(most_mib))]
        list = given("lines", t)
        plot for [k in list] file(t, int(k)) using 1:(column == 0 ? $2 : $3) with linespoints linewidth 1.8 \
                 linecolor rgb colour(int(k)) dashtype dash(int(k)) pointtype marker(int(k)) pointsize 1.1
    }
}

# The legend, below the panels.
unset border
unset tics
unset grid
unset title
unset xlabel
unset ylabel
unset logscale
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
set xrange [0:1]
set yrange [0:1]
set key at screen 0.5, 40 / height center center horizontal maxcols n_lines Left reverse samplen 3 \
    textcolor rgb "#000000"
plot for [i = 1:n_lines] 2 with linespoints linewidth 1.8 linecolor rgb colour(i) dashtype dash(i) \
         pointtype marker(i) pointsize 1.1 title given("label", i)
unset multiplot
